"""What a guard says of what Prometheus has: a pure function, of now and of the past alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite

from .arms import Arm, compared
from .declared import ALL, CLOSE, Guard, Measure
from .states import Answer, Verdict

SHORTEST = timedelta(seconds=15)
"""Between two points that are looked at; Prometheus' own default is to scrape once a minute."""
POINTS = 200
"""That are asked for at most: an hour in points of 18 s."""

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Series:
    """One series: its labels, and its values by their moments in seconds since 1970, in order."""

    labels: Labels
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Span:
    """The time that a guard is asked about."""

    begins: datetime
    ends: datetime
    step: timedelta


def span_of(guard: Guard, since: datetime, now: datetime) -> Span:
    """What has to be asked to judge a guard now, for a share that is live since `since`: not before its warm-up was
    over, and so long that a breach or a silence can be told from a moment's."""
    wanted = max(guard.holds, guard.warn_after) + SHORTEST
    length = max(min(wanted, now - since - guard.warm_up), timedelta())
    step = max(SHORTEST, timedelta(seconds=ceil(length.total_seconds() / POINTS)))
    # So that the last point is now.
    return Span(now - step * (length // step), now, step)


def is_warming(guard: Guard, since: datetime, now: datetime) -> bool:
    """Whether the guard's warm-up is not over."""
    return now < since + guard.warm_up


def judge(
    guard: Guard,
    found: Sequence[Series],
    samples: Sequence[Series],
    since: datetime,
    now: datetime,
) -> Answer:
    """What a guard with one number says.

    Args:
        guard: The guard.
        found: The series of its query over `span_of`.
        samples: Those of its samples now; not asked where it wants none.
        since: Since when the share is live.
        now: The end of the span.
    """
    if is_warming(guard, since, now):
        return Answer(Verdict.WARMING, f"warms up until {_said(since + guard.warm_up)}", since)
    if len(found) > 1:
        return Answer(Verdict.SILENT, f"answers with {len(found)} series: let it give one, by sum or max", now)
    points = [point for point in found[0].points if isfinite(point[1])] if found else []
    span = span_of(guard, since, now)
    if not points or points[-1][0] < now.timestamp() - 1:
        last = _moment(points[-1][0]) if points else span.begins
        return Answer(Verdict.SILENT, _why_silent(found), last)
    value = points[-1][1]
    few = _too_few(guard, samples, now)
    if few is not None:
        return Answer(few.verdict, few.why, few.since, value)
    if not _is_out(guard, value):
        return Answer(Verdict.GOOD, f"is {value:.4g}, {_bound(guard)}", None, value)
    begun = _moment(_run(guard, points))
    said = f"is {value:.4g}, {_bound(guard)}, since {_said(begun)}"
    return Answer(Verdict.BROKEN if now - begun >= guard.holds else Verdict.OUT, said, begun, value)


def _run(guard: Guard, points: Sequence[tuple[float, float]]) -> float:
    """Since when the last points are out of bounds without an exception; a gap between them is none."""
    begun = points[-1][0]
    for moment, value in reversed(points):
        if not _is_out(guard, value):
            break
        begun = moment
    return begun


def _is_out(guard: Guard, value: float) -> bool:
    over = guard.at_most is not None and value > guard.at_most
    return over or (guard.at_least is not None and value < guard.at_least)


def _bound(guard: Guard) -> str:
    least = [] if guard.at_least is None else [f"at least {guard.at_least:g}"]
    most = [] if guard.at_most is None else [f"at most {guard.at_most:g}"]
    return f"allowed are {' and '.join([*least, *most])}"


def _too_few(guard: Guard, samples: Sequence[Series], now: datetime) -> Answer | None:
    if not guard.samples:
        return None
    if len(samples) != 1 or not samples[0].points or not isfinite(samples[0].points[-1][1]):
        return Answer(Verdict.SILENT, "its number of samples is not there", now)
    count = samples[0].points[-1][1]
    said = f"has {count:.0f} samples of {guard.least:g}"
    return Answer(Verdict.WARMING, said, None) if count < guard.least else None


def _why_silent(found: Sequence[Series]) -> str:
    if not found or not found[0].points:
        return "has no data"
    return "has no number (NaN), as 0/0 is" if not isfinite(found[0].points[-1][1]) else "has no data any more"


def judge_arms(
    guard: Guard, events: Sequence[Series], total: Sequence[Series], share: float, since: datetime, now: datetime
) -> Answer:
    """What a guard that compares two arms says, of their numbers of events and samples since the warm-up was over.

    With everybody in the new arm there is nobody to compare with: it is good.
    """
    arms = guard.comparison
    assert arms is not None  # noqa: S101 - whoever asks has looked
    if share >= ALL - CLOSE:
        return Answer(Verdict.GOOD, "has nobody left to compare with")
    if is_warming(guard, since, now):
        return Answer(Verdict.WARMING, f"warms up until {_said(since + guard.warm_up)}", since)
    counts: dict[str, Arm] = {}
    for arm in (arms.new, arms.old):
        samples = _count(total, arms.label, arm)
        if samples is None:
            return Answer(Verdict.SILENT, f"has no samples with {arms.label}={arm!r}", since + guard.warm_up)
        # Nobody counts errors that never were: a counter without one has no series.
        counts[arm] = Arm(_count(events, arms.label, arm) or 0.0, samples)
    new, old = counts[arms.new], counts[arms.old]
    said = f"{new.events:.0f} of {new.total:.0f} against {old.events:.0f} of {old.total:.0f}"
    if min(new.total, old.total) < max(guard.least, 1):
        return Answer(Verdict.WARMING, f"has {said}; each arm needs {guard.least:g}", None)
    found = compared(new, old, arms.measure, arms.alpha)
    value = new.rate - old.rate if arms.measure is Measure.DIFFERENCE else new.rate / old.rate if old.rate else None
    said = f"{said}: {arms.measure} {found.low:.4g} to {found.high:.4g}, {_bound(guard)}"
    over = guard.at_most is not None and found.low > guard.at_most
    under = guard.at_least is not None and found.high < guard.at_least
    return Answer(Verdict.BROKEN if over or under else Verdict.GOOD, said, None, value)


def _count(series: Sequence[Series], label: str, arm: str) -> float | None:
    """The number of one arm; None where there is none, or several."""
    found = [item.points[-1][1] for item in series if item.labels.get(label) == arm and item.points]
    return found[0] if len(found) == 1 and isfinite(found[0]) else None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
