"""The rollouts of a project on the page of its flags: how far each is, why it stands still, and a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from components.rollouts.in_pod.declared import ALL, CLOSE, Declared
from components.rollouts.in_pod.live import segment_name
from components.rollouts.in_pod.shares import RulesError, share_of
from components.rollouts.in_pod.states import Cause, Memory, Stage
from flagops.commands.flags.reconcile.timetable import moments
from flagops.commands.flags.reconcile.timetable_words import (
    in_words,
    moment_in_words,
    moments_from,
    upcoming,
    zone_name,
)
from flagops.commands.flags.server.snapshot import RemoteSegment, Snapshot

WIDTH, HEIGHT = 640, 170
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 14, 26
"""What a picture leaves at its sides, for the numbers."""
SHORTEST = timedelta(hours=1)
"""What a picture shows at least."""
NO_OVERRIDE = "the flag has no override for its share"
Points = Sequence[tuple[datetime, float]]


class Urgency(StrEnum):
    """How urgently somebody should look, as the page's colours say it."""

    OFF = "off"
    ON = "on"
    DUE = "due"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Mark:
    """A number beside an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Picture:
    """The share over time, as lines of an SVG.

    Attributes:
        said: What it shows, for those who do not see it.
        declared: The declared steps from their start; empty where they have none.
        live: The share that is live, since it is.
        following: The further steps from now; empty where nothing rises.
        now: Where now is, across.
        level: Where the live share is, from above.
        shares: The shares' numbers.
        times: The first and the last time.
    """

    said: str
    declared: str
    live: str
    following: str
    now: float
    level: float
    shares: tuple[Mark, ...]
    times: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class RolloutEntry:
    """A rollout on the page.

    Attributes:
        name: Its segment's name.
        title: The flag, where, and for whom.
        stage: How far it is, in a word.
        look: How urgently somebody should look.
        said: How far it is, since when, and why it stands still.
        timetable: When its shares are there.
        picture: The share over time; None where nothing can be said.
    """

    name: str
    title: str
    stage: str
    look: Urgency
    said: str
    timetable: str = ""
    picture: Picture | None = None


def rollouts(found: Snapshot, now: datetime) -> list[RolloutEntry]:
    """Those of a project by their names, those too whose description cannot be read."""
    return [
        _entry(found, item, now)
        for _, item in sorted(found.segments.items())
        if item.rollout is not None or item.unreadable
    ]


def _entry(found: Snapshot, segment: RemoteSegment, now: datetime) -> RolloutEntry:
    declared, memory = segment.rollout, segment.memory
    if declared is None:
        why = segment.unreadable[:1].upper() + segment.unreadable[1:]
        said = f"{why}. Nothing is written to it until `ff flags apply --take-back FLAG` writes the steps anew."
        return RolloutEntry(segment.name, segment.name, "unreadable", Urgency.EXPIRED, said)
    group = f", for {declared.group}" if declared.group else ""
    title = f"{declared.flag} in {declared.environment}{group}"
    wrong = next(_wrong(found, segment, declared), "")
    if wrong:
        said = f"There is nothing to roll out: {wrong}. `ff flags plan` shows what to correct."
        return RolloutEntry(segment.name, title, "stopped", Urgency.EXPIRED, said)
    ended = _ended(found, segment, declared)
    if ended:
        return RolloutEntry(segment.name, title, "ended", Urgency.OFF, f"It is over: {ended}.")
    share = share_of(segment.rules.as_json() if segment.rules else ())
    look, said = _how_far(declared, memory, share, now)
    stage = str(memory.stage if memory else Stage.WAITING)
    timetable = in_words(declared, share, memory, now)
    return RolloutEntry(
        segment.name, title, stage, look, said, timetable, _picture(declared, memory, share, now, f"{title}: {said}")
    )


def _wrong(found: Snapshot, segment: RemoteSegment, declared: Declared) -> Iterator[str]:
    """Why there is nothing to roll out, as the runner says it."""
    flag = found.flags.get(declared.flag)
    if flag is None or flag.id != segment.feature or declared.environment not in flag.states:
        yield f"its segment is for no flag {declared.flag} in an environment {declared.environment}"
    elif segment.name != segment_name(declared):
        yield f"its segment is called {segment.name}, and not {segment_name(declared)}"
    elif segment.memory and segment.memory.stage is Stage.RUNNING and not _is_served(found, segment, declared):
        yield NO_OVERRIDE
    try:
        share_of(segment.rules.as_json() if segment.rules else ())
    except RulesError as error:
        yield str(error)


def _ended(found: Snapshot, segment: RemoteSegment, declared: Declared) -> str:
    """Why it is over, and nobody has to look; empty where it is not. A rollout that was done leaves its segment."""
    if found.flags[declared.flag].is_archived:
        return "the flag is archived, and is served as it is"
    return "" if _is_served(found, segment, declared) else f"{NO_OVERRIDE}, and nobody has it by that"


def _is_served(found: Snapshot, segment: RemoteSegment, declared: Declared) -> bool:
    overrides = found.flags[declared.flag].states[declared.environment].overrides
    return any(item.segment == segment.name for item in overrides)


def _how_far(declared: Declared, memory: Memory | None, share: float, now: datetime) -> tuple[Urgency, str]:
    zone = zone_name(declared)
    if memory is None or memory.stage is Stage.WAITING:
        start = declared.start
        begins = (
            f"Begins on {moment_in_words(start, zone)} ({zone})." if start else "Waits for `ff flags rollout start`."
        )
        return Urgency.OFF, begins if not start or start > now else "Begins at the next look."
    at = f"{share:g} % since {moment_in_words(memory.since, zone)} ({zone})"
    if abs(memory.share - share) > CLOSE:
        at = f"{share:g} %, which somebody set where the rollout had left {memory.share:g} %"
        if memory.stage is Stage.RUNNING:
            return Urgency.EXPIRED, f"At {at}: it pauses, and a person resumes it (`ff flags rollout resume`)."
    if memory.stage is Stage.PAUSED:
        back = ", after it was taken back" if memory.went_back else ""
        by = f", by {memory.who}" if memory.who else ""
        why = f": {memory.why}" if memory.why else ""
        look = Urgency.DUE if memory.cause is Cause.PERSON else Urgency.EXPIRED
        return look, f"Paused at {at}{back}{by}{why}. A person resumes it (`ff flags rollout resume`)."
    if memory.stage is Stage.DONE:
        return Urgency.ON, f"Done: at {at}."
    silent = memory.away_since
    away = f" A guard, or Prometheus, gives no answer since {moment_in_words(silent, zone)}." if silent else ""
    return (Urgency.DUE if away else Urgency.ON), f"At {at}.{away}"


def _picture(declared: Declared, memory: Memory | None, share: float, now: datetime, said: str) -> Picture:
    stands = memory is not None and memory.stage in (Stage.PAUSED, Stage.DONE)
    waits = (memory is None or memory.stage is Stage.WAITING) and declared.start is None
    planned = moments(declared)
    following = [] if stands or waits else moments_from(declared, share, memory, now)
    begun = memory.since if memory and memory.stage is not Stage.WAITING else now
    times = [now, begun, *(moment for moment, _ in (*planned, *following))]
    first, last = min(times), max(*times, min(times) + SHORTEST)
    length = (last - first) * 1.08  # so that the last step is seen to last

    def across(moment: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((moment - first) / length), 1)

    def level(percent: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * percent / ALL, 1)

    def line(points: Points, before: float) -> str:
        """Steps: at each moment up to its share, and on to the right end."""
        if not points:
            return ""
        path = f"M {across(points[0][0])} {level(before)}"
        for moment, to in points:
            path += f" H {across(moment)} V {level(to)}"
        return f"{path} H {WIDTH - RIGHT}"

    further = f" Steps to come: {len(upcoming(declared, share))}." if following else ""
    zone = zone_name(declared)
    return Picture(
        said=f"{said}{further}",
        declared=line(planned, 0),
        live=f"M {across(begun)} {level(share)} H {across(now)}",
        following=line([(now, share), *following], share) if following else "",
        now=across(now),
        level=level(share),
        shares=tuple(Mark(level(percent), f"{percent:g} %") for percent in (0.0, ALL / 2, ALL)),
        times=tuple(
            Mark(across(moment), f"{moment_in_words(moment, zone)}{f' {zone}' if moment is last else ''}")
            for moment in (first, last)
        ),
    )
