"""Asks the guards of a rollout, all within a bounded time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from .declared import CLOSE, Declared, Guard
from .judge import WINDOW, judge, judge_arms, shortest, span_of
from .prometheus import AwayError, Prometheus, QueryError
from .states import Answer, Verdict

SHORTEST_WINDOW = timedelta(minutes=1)


def with_window(query: str, guard: Guard, since: datetime, now: datetime) -> str:
    """The query with the time that counts in place of `$window`."""
    counts = max(SHORTEST_WINDOW, now - since - guard.warm_up)
    return query.replace(WINDOW, f"{int(counts.total_seconds())}s")


def answers(
    prometheus: Prometheus, declared: Declared, share: float, since: datetime, now: datetime
) -> dict[str, Answer]:
    """What all guards say now of a share that is live since `since`.

    When Prometheus is away for one of them, no other one is asked: each would wait as long.
    """
    return dict(_asked(prometheus, declared, share, since, now))


def _asked(
    prometheus: Prometheus, declared: Declared, share: float, since: datetime, now: datetime
) -> Iterator[tuple[str, Answer]]:
    away: Answer | None = None
    for guard in declared.guards:
        # Before the first step nothing warms up: the question is whether all is well, and somebody answers.
        begun = since if share > CLOSE else now - max(shortest(guard), guard.warn_after)
        asked = guard if share > CLOSE else replace(guard, warm_up=timedelta())
        try:
            said = away or _answer(prometheus, asked, share, begun, now)
        except AwayError as error:
            said = away = Answer(Verdict.AWAY, f"Prometheus {error}")
        except QueryError as error:
            said = Answer(Verdict.SILENT, f"Prometheus refuses its query: {error}")
        yield guard.name, said


def _answer(prometheus: Prometheus, guard: Guard, share: float, since: datetime, now: datetime) -> Answer:
    def filled(query: str) -> str:
        return with_window(query, guard, since, now)

    arms = guard.comparison
    if arms is not None:
        events, total = (prometheus.now(filled(query), now) for query in (arms.events, arms.total))
        return judge_arms(guard, events, total, share, since, now)
    found = prometheus.over(filled(guard.query), span_of(guard, since, now))
    samples = prometheus.now(filled(guard.samples), now) if guard.samples else []
    return judge(guard, found, samples, since, now)
