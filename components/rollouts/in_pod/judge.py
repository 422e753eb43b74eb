"""What a guard says of what Prometheus has: a pure function, of now and of the past alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite, isnan

from .arms import Arm, compared
from .declared import ALL, CLOSE, Guard, Measure
from .states import Answer, Verdict

SHORTEST = timedelta(seconds=15)
"""Between two points that are looked at; Prometheus' own default is to scrape once a minute."""
POINTS = 200
"""That are asked for, or one or two more: an hour in points of 18 s."""
LOOKS_BACK = timedelta(hours=1)
"""A breach that ended so long ago is still one: as long as two looks of a runner may be apart."""
WINDOW = "$window"
"""In a query, how long the share is live without its warm-up; as in `increase(errors_total[$window])`."""
CURRENT_SECONDS = 1.0
"""How far from the moment that was asked for an answer's may be: Prometheus rounds to milliseconds."""
LEAST_COUNT = -0.5
"""Below it, a number of events is none: `increase` guesses at what lies between two scrapes, by less than one event."""
MOST_COUNT = 1e12
"""Above it, the numbers of a computer are too coarse to compare two arms."""
MOST_RATE = 1.1
"""Events by samples, at most: `increase` guesses for each series by itself what lies at the ends of its time."""
NONE_IS_ZERO = ". A counter without an error has no series: let it begin at 0, or end `events` with `or 0 * (TOTAL)`"
"""What to do about an arm whose events nobody counted; TOTAL is the other query."""

Labels = Mapping[str, str]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """One series: its labels, and its values by their moments in seconds since 1970, in order."""

    labels: Labels
    points: Points


@dataclass(frozen=True)
class Span:
    """The time that a guard is asked about."""

    begins: datetime
    ends: datetime
    step: timedelta


def span_of(guard: Guard, since: datetime, now: datetime) -> Span:
    """What has to be asked to judge a guard now, for a share that is live since `since`: not before its warm-up was
    over, and so far back that a breach is seen which began and ended since the last look."""
    length = guard.holds + _back(guard)
    step = _step(length)
    most = max(now - since - guard.warm_up, timedelta()) // step
    # In whole points, so that the last one is now; and one more than it needs.
    return Span(now - step * min(-(-length // step) + 1, most), now, step)


def shortest(guard: Guard) -> timedelta:
    """How long a guard has to be asked about, at least, to be broken."""
    return guard.holds + 2 * _step(guard.holds + _back(guard))


def _back(guard: Guard) -> timedelta:
    """With $window, a point of the past is of a time before the share: such a query sums up by itself."""
    return timedelta() if WINDOW in guard.query else LOOKS_BACK


def _step(length: timedelta) -> timedelta:
    return max(SHORTEST, timedelta(seconds=ceil(length.total_seconds() / POINTS)))


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
        return Answer(Verdict.WARMING, f"warms up until {_said(since + guard.warm_up)}")
    if len(found) > 1:
        return Answer(Verdict.SILENT, f"answers with {len(found)} series: let it give one, by sum or max")
    points = [point for point in found[0].points if isfinite(point[1])] if found else []
    few = _too_few(guard, samples, since, now)
    value = points[-1][1] if points and _is_current(points[-1], now) else None
    breach = next((run for run in _runs(guard, points) if _lasts(guard, run)), None)
    if breach is not None and few is None:
        return Answer(Verdict.BROKEN, _why_broken(guard, breach, value), _moment(breach[0][0]), value)
    if value is None:
        return Answer(Verdict.SILENT, _why_silent(found), _moment(points[-1][0]) if points else None)
    if few is not None:
        return Answer(few.verdict, few.why, few.since, value)
    if not _is_out(guard, value):
        return Answer(Verdict.GOOD, f"is {value:.4g}, {_bound(guard)}", None, value)
    begun = _moment(next(_runs(guard, points))[0][0])
    return Answer(Verdict.OUT, f"is {value:.4g}, {_bound(guard)}, since {_said(begun)}", begun, value)


def _runs(guard: Guard, points: Points) -> Iterator[Points]:
    """The stretches that are out of bounds without an exception, the last one first; a gap in one is none."""
    run: list[tuple[float, float]] = []
    for point in reversed(points):
        if _is_out(guard, point[1]):
            run.insert(0, point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lasts(guard: Guard, run: Points) -> bool:
    return run[-1][0] - run[0][0] >= guard.holds.total_seconds() - CURRENT_SECONDS


def _why_broken(guard: Guard, run: Points, value: float | None) -> str:
    """What broke it: the value of now, or the last one that was out of bounds, and until when."""
    begun = _said(_moment(run[0][0]))
    if value is not None and _is_out(guard, value):
        return f"is {value:.4g}, {_bound(guard)}, since {begun}"
    return f"was {run[-1][1]:.4g}, {_bound(guard)}, from {begun} to {_said(_moment(run[-1][0]))}"


def _is_out(guard: Guard, value: float) -> bool:
    over = guard.at_most is not None and value > guard.at_most
    return over or (guard.at_least is not None and value < guard.at_least)


def _bound(guard: Guard) -> str:
    least = [] if guard.at_least is None else [f"at least {guard.at_least:g}"]
    most = [] if guard.at_most is None else [f"at most {guard.at_most:g}"]
    return f"allowed are {' and '.join([*least, *most])}"


def _too_few(guard: Guard, samples: Sequence[Series], since: datetime, now: datetime) -> Answer | None:
    if not guard.samples:
        return None
    if len(samples) != 1 or not samples[0].points or not _is_number(samples[0].points[-1], now):
        return Answer(Verdict.SILENT, "its number of samples is not there")
    count = samples[0].points[-1][1]
    if count >= guard.least:
        return None
    return Answer(Verdict.WARMING, f"has {count:.0f} samples of {guard.least:g}", since + guard.warm_up)


def _is_current(point: tuple[float, float], now: datetime) -> bool:
    return abs(point[0] - now.timestamp()) <= CURRENT_SECONDS


def _is_number(point: tuple[float, float], now: datetime) -> bool:
    return isfinite(point[1]) and _is_current(point, now)


def _why_silent(found: Sequence[Series]) -> str:
    if not found or not found[0].points:
        return "has no data"
    value = found[0].points[-1][1]
    if isfinite(value):
        return "has no data any more"
    return "has no number (NaN), as 0/0 is" if isnan(value) else "is infinite, as 1/0 is"


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
        return Answer(Verdict.WARMING, f"warms up until {_said(since + guard.warm_up)}")
    counts: dict[str, Arm] = {}
    for arm in (arms.new, arms.old):
        numbers = [_count(given, arms.label, arm, now) for given in (events, total)]
        if isinstance(numbers[1], str):
            return Answer(Verdict.SILENT, f"has no samples with {arms.label}={arm!r}: {numbers[1]}")
        if isinstance(numbers[0], str):
            return Answer(Verdict.SILENT, f"has no events with {arms.label}={arm!r}: {numbers[0]}{NONE_IS_ZERO}")
        counts[arm] = Arm(numbers[0], numbers[1])
    new, old = counts[arms.new], counts[arms.old]
    said = f"{new.events:.0f} of {new.total:.0f} against {old.events:.0f} of {old.total:.0f}"
    if min(new.total, old.total) < max(guard.least, 1):
        return Answer(Verdict.WARMING, f"has {said}; each arm needs {max(guard.least, 1):g}", since + guard.warm_up)
    found = compared(new, old, arms.measure, arms.alpha)
    value = new.rate - old.rate if arms.measure is Measure.DIFFERENCE else new.rate / old.rate if old.rate else None
    measured = f"{said}: {arms.measure} {found.low:.4g} to {found.high:.4g}, {_bound(guard)}"
    over = guard.at_most is not None and found.low > guard.at_most
    under = guard.at_least is not None and found.high < guard.at_least
    if over or under:
        return Answer(Verdict.BROKEN, measured, None, value)
    if any(arm.events > arm.total * MOST_RATE + 1 for arm in (new, old)):
        return Answer(Verdict.SILENT, f"has {said}: more events than samples, so they are not what it compares")
    return Answer(Verdict.GOOD, measured, None, value)


def _count(series: Sequence[Series], label: str, arm: str, now: datetime) -> float | str:
    """The number of one arm, or why there is none."""
    found = [item.points[-1] for item in series if item.labels.get(label) == arm and item.points]
    if len(found) != 1:
        return f"it answers with {len(found)} series for it, use sum by ({label})" if found else "it has no data"
    value = found[0][1]
    if not _is_number(found[0], now):
        return "it has no number (NaN)" if not isfinite(value) else "its number is of another time"
    return value if LEAST_COUNT < value <= MOST_COUNT else f"it is {value:g}, which is no count"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
