"""The timetable of a rollout in words: when each share is there if nothing stops it, and what would stop it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from components.rollouts.in_pod.declared import ALL, CLOSE, Broken, Declared, Guard, Step
from components.rollouts.in_pod.states import Memory, Stage
from components.rollouts.in_pod.windows import next_opening, zone_of
from flagops.commands.flags.reconcile.change import FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.running import ROLLOUT, length_of, share_of_rules
from flagops.commands.flags.spec import ProjectSpec

THEN = {Broken.HOLD: "then it holds", Broken.BACK: "then one step back", Broken.OFF: "then nobody has it"}


@dataclass(frozen=True)
class Timetable:
    """When the shares of one rollout are there.

    Attributes:
        flag: The flag.
        environment: The environment.
        group: The segment whose users it is for; None for everyone.
        said: The timetable, in words.
    """

    flag: str
    environment: str
    group: str | None
    said: str


def timetables(plan: FlagPlan, wanted: ProjectSpec, now: datetime | None) -> list[Timetable]:
    """Those of the rollouts that a plan brings or changes, by how far each is now; without `now` nothing is known of
    that, as where two catalogues are compared."""
    touched = {
        change.name
        for change in plan.changes
        if change.kind is ObjectKind.SEGMENT and (not change.field or change.field == ROLLOUT)
    }
    return [
        Timetable(of.flag, of.environment, of.group, in_words(of, share_of_rules(item.rules), item.memory, now))
        for name, item in wanted.segments.items()
        if name in touched and (of := item.rollout) is not None
    ]


def in_words(declared: Declared, share: float, memory: Memory | None, now: datetime | None) -> str:
    """The timetable: `10 % on Tuesday 2026-12-01 09:00, everyone on Friday 2026-12-04 09:00 (Asia/Jerusalem), unless
    checkout-errors is over 0.01 for 5m (then one step back)`."""
    said = _steps(declared, share, memory, now)
    windows = [f"steps only {' or '.join(item.text for item in declared.only)}"] if declared.only else []
    windows += [f"none on {', '.join(item.text for item in declared.freezes)}"] if declared.freezes else []
    guards = " or ".join(map(guard_in_words, declared.guards))
    stops = f"unless {guards}" if guards else "if nothing stops it"
    started = now is None and declared.start is not None and declared.start < datetime.now(UTC)
    unknown = "; how far it is by now is not known here" if started else ""
    return ", ".join([said, *windows, stops]) + unknown


def _steps(declared: Declared, share: float, memory: Memory | None, now: datetime | None) -> str:
    stage = memory.stage if memory else Stage.WAITING
    if not upcoming(declared, share):
        return f"done, at {share:g} %"
    if stage is Stage.PAUSED:
        why = f" ({memory.why})" if memory and memory.why else ""
        return f"paused at {share:g} %{why}, and when somebody resumes it: {_one_by_one(declared, share)}"
    if stage is Stage.WAITING and declared.start is None:
        return f"when somebody starts it: {_one_by_one(declared, share)}"
    zone = zone_name(declared)
    found = moments_from(declared, share, memory, now or declared.start or datetime.now(UTC))
    shown = [f"{_share(declared, to, number)} {_when(moment, zone, now)}" for number, (moment, to) in enumerate(found)]
    never = [] if len(found) == len(upcoming(declared, share)) else ["then never: no window opens"]
    return f"{_what(declared)}{', '.join([*shown, *never])} ({zone})"


def upcoming(declared: Declared, share: float) -> list[Step]:
    """The steps above a share."""
    return [step for step in declared.steps if step.to > share + CLOSE]


def moments_from(
    declared: Declared, share: float, memory: Memory | None, now: datetime
) -> list[tuple[datetime, float]]:
    """When each further share is there, from how far it is now, if nothing stops it; none behind a window that never
    opens."""
    at: datetime | None = now
    if memory is None or memory.stage is Stage.WAITING:
        at = max(now, declared.start) if declared.start else now
    else:
        here = declared.at(share) if share > CLOSE else None
        at = max(now, memory.since + here.lasts) if here else now
    found = []
    for step in upcoming(declared, share):
        at = next_opening(declared.only, declared.freezes, at)
        if at is None:
            break
        found.append((at, step.to))
        at += step.lasts
    return found


def zone_name(declared: Declared) -> str:
    """The zone to say times in: that of the first window, or of the first freeze, or UTC."""
    zones = [item.zone for item in declared.only] + [item.zone for item in declared.freezes]
    return next(iter(zones), "UTC")


def moment_in_words(moment: datetime, zone: str) -> str:
    """A time in a zone, without its name: `Tuesday 2026-12-01 09:00`."""
    return f"{moment.astimezone(zone_of(zone)):%A %Y-%m-%d %H:%M}"


def _when(moment: datetime, zone: str, now: datetime | None) -> str:
    return "at once" if now is not None and moment <= now else f"on {moment_in_words(moment, zone)}"


def _one_by_one(declared: Declared, share: float) -> str:
    """The further steps by how long after each other they are."""
    return _what(declared) + ", ".join(_after_another(declared, share))


def _after_another(declared: Declared, share: float) -> Iterator[str]:
    before = ""
    for number, step in enumerate(upcoming(declared, share)):
        yield f"{before}{_share(declared, step.to, number)}"
        before = f"{length_of(step.lasts)} later " if step.lasts else ""


def _what(declared: Declared) -> str:
    """What the users of the steps get, where it is not that the flag is on for them."""
    return "off for " if not declared.enabled else "another value for " if declared.base else ""


def _share(declared: Declared, to: float, number: int) -> str:
    of = f" of {declared.group}" if declared.group else ""
    if to >= ALL:
        return f"all{of}" if of else "everyone"
    return f"{to:g} %{of if not number else ''}"


def guard_in_words(guard: Guard) -> str:
    """What breaks a guard, and what happens then."""
    bounds = [f"under {guard.at_least:g}"] if guard.at_least is not None else []
    bounds += [f"over {guard.at_most:g}"] if guard.at_most is not None else []
    lasts = f" for {length_of(guard.holds)}" if guard.holds else ""
    arms = f", the {guard.comparison.measure} of its arms," if guard.comparison else ""
    return f"{guard.name}{arms} is {' or '.join(bounds)}{lasts} ({THEN[guard.broken]})"
