"""What guards would have done over the past: the same judgement, of what Prometheus still has."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isfinite

from components.rollouts.in_pod.declared import Guard
from components.rollouts.in_pod.judge import CURRENT_SECONDS, WINDOW, Series, Span, judge
from components.rollouts.in_pod.prometheus import AwayError, Prometheus, QueryError
from components.rollouts.in_pod.states import Verdict
from flagops.errors import AnswerError, UnreachableError

STEP = timedelta(minutes=1)
"""Between two looks, as often as a runner looks by default."""
MOST_POINTS = 10_000  # of one answer; Prometheus refuses more than 11,000
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Backtest:
    """What one guard would have said.

    Attributes:
        guard: Its name.
        looks: How many looks there were, one a minute.
        alarms: When it would have been broken, from when to when.
        out: How many looks were out of bounds.
        silent: How many looks had no data, or no number.
        longest_silence: The longest time without, in seconds.
        few: How many looks had too few samples.
        lowest: The lowest value; None without data.
        highest: The highest value.
        at_most: The least upper bound with which there would have been no alarm; None without data or such a bound.
        at_least: The greatest lower bound, likewise.
    """

    guard: str
    looks: int
    alarms: list[tuple[str, str]]
    out: int
    silent: int
    longest_silence: float
    few: int
    lowest: float | None
    highest: float | None
    at_most: float | None
    at_least: float | None


def backtest(prometheus: Prometheus, guard: Guard, since: timedelta, window: str, now: datetime) -> Backtest:
    """What a guard with a query would have said at each minute since then.

    Args:
        prometheus: Whom to ask.
        guard: The guard; two arms cannot be asked about a time in which there was one.
        since: For how long back.
        window: What `$window` was, such as 1h.
        now: The end.

    Raises UnreachableError where Prometheus is away, AnswerError where it refuses the query.
    """
    begins = now - since
    found = _over(prometheus, guard.query.replace(WINDOW, window), begins, now)
    samples = dict(_over(prometheus, guard.samples.replace(WINDOW, window), begins, now)) if guard.samples else {}
    # A warm-up is of a step, and there was none.
    return _judged(replace(guard, warm_up=timedelta()), found, samples, begins, now)


def _over(prometheus: Prometheus, query: str, begins: datetime, ends: datetime) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    while begins <= ends:
        until = min(ends, begins + STEP * MOST_POINTS)
        try:
            found = prometheus.over(query, Span(begins, until, STEP))
        except AwayError as error:
            raise UnreachableError(f"Prometheus {error}.") from None
        except QueryError as error:
            raise AnswerError(f"Prometheus refuses {query!r}: {error}") from None
        if len(found) > 1:
            raise AnswerError(f"{query!r} gives {len(found)} series: let it give one, by sum or max.")
        points += found[0].points if found else []
        begins = until + STEP
    return points


def _judged(guard: Guard, points: Points, samples: dict[float, float], begins: datetime, now: datetime) -> Backtest:
    recent: deque[tuple[float, float]] = deque()
    by_moment = dict(points)
    holds = -(-guard.holds // STEP)
    # No more than one breach needs: one that is over is no alarm any more.
    keeps = holds * STEP.total_seconds() + CURRENT_SECONDS
    said: list[tuple[float, Verdict]] = []
    looks = int((now - begins) / STEP) + 1
    for number in range(looks):
        moment = begins.timestamp() + number * STEP.total_seconds()
        if moment in by_moment:
            recent.append((moment, by_moment[moment]))
        while recent and recent[0][0] < moment - keeps:
            recent.popleft()
        at = datetime.fromtimestamp(moment, UTC)
        counted = [Series({}, [(moment, samples[moment])])] if moment in samples else []
        answer = judge(guard, [Series({}, list(recent))] if recent else [], counted, begins, at)
        said.append((moment, answer.verdict))
    values = [value for _, value in points if isfinite(value)]
    silences = list(_runs(said, (Verdict.SILENT,)))
    return Backtest(
        guard=guard.name,
        looks=looks,
        alarms=[(_said(begin), _said(end)) for begin, end in _runs(said, (Verdict.BROKEN,))],
        out=sum(verdict in (Verdict.OUT, Verdict.BROKEN) for _, verdict in said),
        silent=sum(verdict is Verdict.SILENT for _, verdict in said),
        longest_silence=max((end - begin + STEP.total_seconds() for begin, end in silences), default=0.0),
        few=sum(verdict is Verdict.WARMING for _, verdict in said),
        lowest=min(values, default=None),
        highest=max(values, default=None),
        at_most=max(map(min, _windows(values, holds + 1)), default=None) if guard.at_most is not None else None,
        at_least=min(map(max, _windows(values, holds + 1)), default=None) if guard.at_least is not None else None,
    )


def _windows(values: Sequence[float], length: int) -> Iterator[Sequence[float]]:
    """All stretches of so many values: one that is out of bounds throughout is an alarm."""
    yield from (values[begin : begin + length] for begin in range(len(values) - length + 1))


def _runs(said: Sequence[tuple[float, Verdict]], wanted: Sequence[Verdict]) -> Iterator[tuple[float, float]]:
    """From when to when one of these was said without a pause."""
    begun: float | None = None
    last = 0.0
    for moment, verdict in said:
        if verdict in wanted:
            begun, last = moment if begun is None else begun, moment
        elif begun is not None:
            yield begun, last
            begun = None
    if begun is not None:
        yield begun, last


def _said(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
