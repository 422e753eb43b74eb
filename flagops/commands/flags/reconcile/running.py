"""Shares that grow by themselves: an apply brings their steps, and leaves the share to the rollout."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from components.rollouts.in_pod.declared import CLOSE, Declared
from components.rollouts.in_pod.shares import RulesError, share_of, text_of
from components.rollouts.in_pod.states import Cause, Memory, Stage, beginning
from flagops.commands.flags.spec import ProjectSpec, SegmentSpec
from flagops.commands.flags.who import SPLIT, Rules, all_of, condition, rules

if TYPE_CHECKING:  # what is read of a server, which `ff flags serve` does without
    from flagops.commands.flags.server.snapshot import RemoteSegment, Snapshot

ROLLOUT: Final = ("rollout",)
"""The place of the steps in a plan, and in notes."""


def with_live_shares(wanted: ProjectSpec, found: "Snapshot", now: datetime) -> ProjectSpec:
    """What is wanted, where shares are as far as they are, with what is remembered of them; of new ones a beginning."""
    segments = {
        name: item if item.rollout is None else _as_it_is(item, item.rollout, found, now)
        for name, item in wanted.segments.items()
    }
    whole = with_live_shares(wanted.whole, found, now) if wanted.whole else None
    return replace(wanted, segments=segments, whole=whole)


def _as_it_is(wanted: SegmentSpec, declared: Declared, found: "Snapshot", now: datetime) -> SegmentSpec:
    there = found.segments.get(wanted.name)
    share = live_share(there)
    if there is None or share is None or not _is_served(wanted.name, declared, found):
        known = there.memory if there is not None else None
        return replace(wanted, memory=known if _is_to_begin(known) else beginning(0, now))
    memory = there.memory
    if memory is None and there.rollout is None and not there.unreadable:
        # A fixed share, which the catalogue gives steps. Of one with steps that nothing is remembered of, nobody knows
        # whether it was paused.
        memory = beginning(share, now)
    return replace(wanted, rules=at(wanted.rules, share), memory=memory)


def _is_to_begin(memory: Memory | None) -> bool:
    return memory is not None and memory.stage is Stage.WAITING and memory.share < CLOSE


def _is_served(segment: str, declared: Declared, found: "Snapshot") -> bool:
    """Whether anybody has the share. A segment that an earlier rollout left has one that nobody has: a rollout that
    comes back begins with nobody, and not where that one ended."""
    flag = found.flags.get(declared.flag)
    state = flag.states.get(declared.environment) if flag else None
    return state is not None and any(item.segment == segment for item in state.overrides)


def in_words(wanted: SegmentSpec, found: "RemoteSegment") -> tuple[str | None, str | None] | None:
    """The steps that are there and those that are wanted; None where they are the same, and go on."""
    is_anew = wanted.rollout is not None and _is_to_begin(wanted.memory) and not _is_to_begin(found.memory)
    ended = found.memory if is_anew else None
    if found.rollout == wanted.rollout and ended is None:
        return None
    if ended is None:
        return both_in_short(found.rollout, wanted.rollout)
    before, after = (None if item is None else in_short(item) for item in (found.rollout, wanted.rollout))
    return f"an ended one, {ended.stage} at {ended.share:g} %: {before or 'no steps'}", after


def live_share(found: "RemoteSegment | None") -> float | None:
    """The share of a segment; None where it has none, or several."""
    if found is None or found.rules is None:
        return None
    try:
        return share_of(found.rules.as_json())
    except RulesError:
        return None


def share_of_rules(given: Rules) -> float:
    """The share in rules that are a rollout's, and were made here."""
    return share_of(given.as_json())


def at(given: Rules, share: float) -> Rules:
    """The rules of a share with another percentage."""
    others = [part for part in given.parts if part not in given.splits]
    return rules(all_of([*others, condition(SPLIT, None, text_of(share))]))


def is_own_share(item: "SegmentSpec | RemoteSegment") -> bool:
    """Whether the share is as its rollout left it, and so is no change by somebody."""
    if item.rollout is None or item.rules is None:
        return False
    try:
        share = share_of(item.rules.as_json())
    except RulesError:
        return False
    memory = item.memory
    if memory is None:
        return share < CLOSE
    return abs(memory.share - share) < CLOSE and memory.cause is not Cause.HAND


def in_short(declared: Declared) -> str:
    """The steps in a line: `from 2026-12-01 07:00 UTC: 1 % for 1h, 10 % for 12h, 100 %; guards: errors`."""
    start = declared.start
    begins = f"from {start.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if start else "when somebody starts it"
    steps = [f"{step.to:g} %{f' for {length_of(step.lasts)}' if step.lasts else ''}" for step in declared.steps]
    more = [f"only {' or '.join(item.text for item in declared.only)}"] if declared.only else []
    more += [f"not {', '.join(item.text for item in declared.freezes)}"] if declared.freezes else []
    more += [f"guards {', '.join(guard.name for guard in declared.guards)}"] if declared.guards else []
    return "; ".join([f"{begins}: {', '.join(steps)}", *more])


def both_in_short(before: Declared | None, after: Declared | None) -> tuple[str | None, str | None]:
    """The steps before and after a change, each in a line; what the lines do not say is named in the second one."""
    one, other = (None if item is None else in_short(item) for item in (before, after))
    if before is None or after is None or one != other:
        return one, other
    named = {"guards": "guards", "enabled": "on or off", "base": "what all others have", "value": "value"}
    named |= {"conditions": "users", "freezes": "zone of the freeze"}
    named |= {"rest": "value of the rest", "ahead": "overrides before it"}
    changed = [said for key, said in named.items() if getattr(before, key) != getattr(after, key)]
    return one, f"{other}; otherwise: {', '.join(changed)}"


def length_of(given: timedelta) -> str:
    """A length in its largest unit that says it whole, as a catalogue does."""
    seconds = given.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if not seconds % size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
