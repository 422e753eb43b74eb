"""Asks the guards of a rollout, all within a bounded time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from .declared import CLOSE, Declared, Guard
from .judge import WINDOW, Series, Span, judge, judge_arms, shortest, span_of
from .prometheus import AwayError, PartialError, Prometheus, QueryError
from .states import Answer, Verdict

EASIEST = "vector(1)"
NO_PROMETHEUS = "no Prometheus is named"
SHORTEST_WINDOW = timedelta(minutes=1)


def with_window(query: str, guard: Guard, since: datetime, now: datetime) -> str:
    """The query with the time that counts in place of `$window`."""
    counts = max(SHORTEST_WINDOW, now - since - guard.warm_up)
    return query.replace(WINDOW, f"{int(counts.total_seconds())}s")


class Guards:
    """Asks the guards of all rollouts in one turn.

    Args:
        prometheus: Whom; without one, they count as away.
    """

    def __init__(self, prometheus: Prometheus | None) -> None:
        self._prometheus = prometheus
        self._away: Answer | None = None

    def answers(self, declared: Declared, share: float, since: datetime, now: datetime) -> dict[str, Answer]:
        """What all guards of a rollout say now of a share that is live since `since`.

        When Prometheus is away, nobody asks it any more in this turn: each would wait as long. Where it is only one
        question that it does not answer in time, the others are asked.
        """
        return {guard.name: self._asked(guard, share, since, now) for guard in declared.guards}

    def _asked(self, guard: Guard, share: float, since: datetime, now: datetime) -> Answer:
        if self._prometheus is None:
            return Answer(Verdict.AWAY, NO_PROMETHEUS)
        if self._away is not None:
            return self._away
        # Before the first step nothing warms up: the question is whether all is well, and somebody answers.
        begun = since if share > CLOSE else now - max(shortest(guard), guard.warn_after)
        asked = guard if share > CLOSE else replace(guard, warm_up=timedelta())
        try:
            found = _answer(self._prometheus, asked, share, begun, now)
        except AwayError as error:
            self._away = _away(self._prometheus, now)
            return Answer(Verdict.AWAY, f"Prometheus {error}")
        except QueryError as error:
            return Answer(Verdict.SILENT, f"Prometheus refuses its query: {error}")
        # Before the first step, the beginning of what was asked about is no beginning of anything.
        return replace(found, since=None) if found.verdict is Verdict.WARMING and share <= CLOSE else found


def _away(prometheus: Prometheus, now: datetime) -> Answer | None:
    """Why no other question is answered either; None where the easiest one is."""
    try:
        prometheus.now(EASIEST, now)
    except AwayError as error:
        return Answer(Verdict.AWAY, f"Prometheus {error}")
    except QueryError:
        return None
    return None


def _answer(prometheus: Prometheus, guard: Guard, share: float, since: datetime, now: datetime) -> Answer:
    partial: list[PartialError] = []

    def asked(ask: Callable[..., list[Series]], query: str, when: Span | datetime) -> list[Series]:
        try:
            return ask(with_window(query, guard, since, now), when)
        except PartialError as error:
            partial.append(error)
            return error.series

    arms = guard.comparison
    if arms is not None:
        events, total = (asked(prometheus.now, query, now) for query in (arms.events, arms.total))

        def judged(guard: Guard) -> Answer:
            return judge_arms(guard, events, total, share, since, now)
    else:
        found = asked(prometheus.over, guard.query, span_of(guard, since, now))
        samples = asked(prometheus.now, guard.samples, now) if guard.samples else []

        def judged(guard: Guard) -> Answer:
            return judge(guard, found, samples, since, now)

    if not partial:
        return judged(guard)
    # What a part has too much of is taken for a breach: of a sum it is one; of a ratio rather a false alarm than none.
    # What it lacks, the rest may have.
    of_a_part = judged(replace(guard, at_least=None))
    is_out = of_a_part.verdict in (Verdict.OUT, Verdict.BROKEN)
    return of_a_part if is_out else Answer(Verdict.SILENT, f"may not have all of its data: {partial[0]}")
