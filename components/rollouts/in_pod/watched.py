"""What Prometheus is told of rollouts: how far they are, what they wait for, and what stopped them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from .declared import Declared
from .live import segment_name
from .project import Found
from .states import Cause, Memory, Stage, Verdict
from .turn import Turned

NAMES = ["feature", "environment", "segment"]
MUTE = (Verdict.SILENT, Verdict.AWAY)


@dataclass
class Seen:
    """What the last looks saw.

    Attributes:
        rollouts: Each rollout at the last look that came to its end, by the numbers of its project and its segment:
            Flagsmith lets several segments have one name.
        looked: When that was, in seconds since 1970; None for never.
        went_well: Whether the last look read and wrote all that it was to.
        mute_since: Since when a guard gives no answer, in seconds since 1970, by segment and guard.
    """

    rollouts: Mapping[str, Turned] = field(default_factory=dict)
    looked: float | None = None
    went_well: bool = False
    mute_since: Mapping[tuple[str, str], float] = field(default_factory=dict)


def mute_since(before: Seen, rollouts: Mapping[str, Turned], now: float) -> dict[tuple[str, str], float]:
    """Since when each guard that gives no answer gives none: as it says itself, or since it was first seen so.

    One whose share nobody has yet is left out: there is nothing that it could have seen.
    """
    found = {}
    for name, turned in rollouts.items():
        memory = turned.found.description.memory
        away = memory.away_since if memory else None
        for guard, answer in turned.answers.items() if turned.found.live.share > 0 else ():
            if answer.verdict in MUTE:
                said = answer.since or away
                since = said.timestamp() if said else now
                found[name, guard] = min(since, before.mute_since.get((name, guard), now))
    return found


class RolloutCollector:
    """Tells what was seen, whenever it is asked."""

    def __init__(self, seen: Callable[[], Seen], is_alive: Callable[[], bool]) -> None:
        self._seen, self._is_alive = seen, is_alive
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def scrape(self) -> bytes:
        """What Prometheus is told."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What prometheus_client asks for at every scrape."""
        seen = self._seen()
        up = _gauge("flagsmith_rollouts_up", "Whether the last look at the rollouts read and wrote all that it was to.")
        up.add_metric([], float(seen.went_well and self._is_alive()))
        yield up
        if seen.looked is not None:
            looked = _gauge("flagsmith_rollouts_last_look_timestamp_seconds", "When all rollouts were last looked at.")
            looked.add_metric([], seen.looked)
            yield looked
        yield from _rollouts(seen)
        yield from _guards(seen)


def _gauge(name: str, said: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, labels=labels)


def _labels(declared: Declared) -> list[str]:
    return [declared.flag, declared.environment, declared.group or ""]


def _named(found: Found) -> list[str]:
    """The same of one that is gone; by its segment's name where that is not the one of what it declares, as of a copy
    that somebody made, or where that cannot be read."""
    declared = found.description.declared
    return _labels(declared) if declared and segment_name(declared) == found.name else _called(found.name)


def _called(segment: str) -> list[str]:
    flag, _, rest = segment.partition(".")
    environment, _, group = rest.rpartition(".") if "." in rest else (rest, "", "")
    return [flag, environment, group]


def _rollouts(seen: Seen) -> Iterator[GaugeMetricFamily]:
    share = _gauge("flagsmith_rollout_share_percent", "The share of users that is live.", *NAMES)
    top = _gauge("flagsmith_rollout_top_percent", "The greatest share that is declared.", *NAMES)
    step = _gauge("flagsmith_rollout_step", "How many steps are reached; 0 before the first one.", *NAMES)
    steps = _gauge("flagsmith_rollout_steps", "How many steps are declared.", *NAMES)
    stage = _gauge("flagsmith_rollout_stage", "How far it is: waiting, running, paused or done.", *NAMES, "stage")
    paused = _gauge(
        "flagsmith_rollout_paused", "Whether it is paused: by a person, another hand, a guard.", *NAMES, "cause"
    )
    back = _gauge(
        "flagsmith_rollout_rolled_back", "Whether a guard made the share smaller, and nobody resumed it since.", *NAMES
    )
    warns = _gauge("flagsmith_rollout_warns", "Whether somebody should look: docs/rollouts.md.", *NAMES)
    changed = _gauge(
        "flagsmith_rollout_changed_timestamp_seconds", "When a step or a decision was last written.", *NAMES
    )
    for turned in seen.rollouts.values():
        declared, decision = turned.found.description.declared, turned.decision
        if declared is None or turned.found.live.gone or turned.found.problem:
            if decision.warns:
                warns.add_metric(_named(turned.found), 1)
            continue
        names, live = _labels(declared), _live(turned)
        memory = decision.memory if turned.is_written else turned.found.description.memory
        reached = declared.at(live) if live > 0 else None
        share.add_metric(names, live)
        top.add_metric(names, declared.top)
        step.add_metric(names, 0 if reached is None else declared.steps.index(reached) + 1)
        steps.add_metric(names, len(declared.steps))
        for one in Stage:
            stage.add_metric([*names, one], float(one is _stage(memory)))
        for cause in Cause:
            paused.add_metric([*names, cause], float(_is_paused(memory, cause)))
        back.add_metric(names, float(_is_paused(memory, Cause.GUARD) and memory is not None and memory.went_back))
        warns.add_metric(names, float(decision.warns or bool(turned.problem)))
        if memory is not None:
            changed.add_metric(names, memory.at.timestamp())
    yield from (share, top, step, steps, stage, paused, back, warns, changed)


def _live(turned: Turned) -> float:
    """The share, as it is after what was written."""
    return turned.decision.share if turned.is_written else turned.found.live.share


def _stage(memory: Memory | None) -> Stage:
    return Stage.WAITING if memory is None else memory.stage


def _is_paused(memory: Memory | None, cause: Cause) -> bool:
    return memory is not None and memory.stage is Stage.PAUSED and memory.cause is cause


def _guards(seen: Seen) -> Iterator[GaugeMetricFamily]:
    value = _gauge("flagsmith_rollout_guard_value", "What a guard measured last.", *NAMES, "guard")
    bound = _gauge(
        "flagsmith_rollout_guard_bound", "What a guard allows: at_most, or at_least.", *NAMES, "guard", "bound"
    )
    verdict = _gauge("flagsmith_rollout_guard", "What a guard says: good, out, broken, …", *NAMES, "guard", "verdict")
    mute = _gauge(
        "flagsmith_rollout_guard_silent_since_timestamp_seconds", "Since when a guard gives no answer.", *NAMES, "guard"
    )
    patience = _gauge(
        "flagsmith_rollout_guard_warn_after_seconds", "For how long a guard may give no answer.", *NAMES, "guard"
    )
    few = _gauge(
        "flagsmith_rollout_guard_few_samples_since_timestamp_seconds",
        "Since when a guard has fewer samples than it wants.",
        *NAMES,
        "guard",
    )
    for name, turned in seen.rollouts.items():
        declared = turned.found.description.declared
        for guard in declared.guards if declared else ():
            answer = turned.answers.get(guard.name)
            if declared is None or answer is None:
                continue
            labels: list[Any] = [*_labels(declared), guard.name]
            for one in Verdict:
                verdict.add_metric([*labels, one], float(one is answer.verdict))
            if answer.value is not None:
                value.add_metric(labels, answer.value)
            for kind, limit in (("at_most", guard.at_most), ("at_least", guard.at_least)):
                if limit is not None:
                    bound.add_metric([*labels, kind], limit)
            patience.add_metric(labels, guard.warn_after.total_seconds())
            since = seen.mute_since.get((name, guard.name))
            if since is not None:
                mute.add_metric(labels, since)
            # Of one that warms up it is not said since when, and of nobody's share there are no samples.
            if answer.verdict is Verdict.WARMING and answer.since is not None and turned.found.live.share > 0:
                few.add_metric(labels, answer.since.timestamp())
    yield from (value, bound, verdict, patience, mute, few)
