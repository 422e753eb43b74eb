"""Flags are made, asked for by every route and for several users, changed, asked for again, and removed."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from flagops.commands.smoke import removal, sdks
from flagops.commands.smoke.in_time import Deadline
from flagops.commands.smoke.makes import FIRST, Maker, Saying
from flagops.commands.smoke.model import CLEAN_UP_SECONDS, CheckFailedError, CheckSkippedError
from flagops.commands.smoke.visit import MARGIN, PAUSE, Visit
from flagops.commands.smoke.wanted import ExpectedAnswers
from flagops.errors import OpsError
from flagops.waiting import NotYet, until

THREADS = 4
ROUNDS = 2  # of all questions, one after the other, in which every answer has to be right
LEAST_SECONDS = 5.0  # that have to be left for it
UNSEEN = (
    "not seen is what flags say: values, who is on, segments by traits, variations, overrides, server-side flags, "
    "and that a change shows; this needs an administrator: --stack, or an organisation's key in FLAGSMITH_API_KEY"
)
AT_EDGE = "the edge was not asked with a server-side key, nor for kept traits and for overrides of one user"

Mismatch = Callable[[], str | None]


def round_trip(visit: Visit) -> str:
    """How long a change took to show, by each route and for each user."""
    if visit.place.authenticate is None:
        raise CheckSkippedError(UNSEEN)
    if visit.ledger.is_slow:
        raise CheckFailedError("not tried: most answers so far are too slow for it")
    if visit.deadline.left < LEAST_SECONDS:
        raise CheckFailedError(f"not tried: {visit.deadline.left:.0f} s are left of --timeout; give it more")
    removal.left_overs(visit)
    maker = Maker(visit)
    with _removed(visit, maker):
        maker.make()
        wanted = ExpectedAnswers(visit, maker)
        _settle(visit, "the flags were made", _questions(wanted, FIRST))
        maker.change()
        took = _settle(visit, "the flags were changed", _questions(wanted, maker.then))
        sdks.agree(visit, wanted, maker.then)
    if visit.place.has_edge:
        return f"right for {len(wanted.passing)} users by each route; a change was seen after {took:.1f} s; {AT_EDGE}"
    users = len(wanted.passing) + 1
    return f"right for {users} users by each route and key; a change was seen after {took:.1f} s"


@contextmanager
def _removed(visit: Visit, maker: Maker) -> Iterator[None]:
    """Remove what was made, however it ends; a problem with that is told beside the one there was."""
    problem = ""
    try:
        yield
    except (CheckFailedError, OpsError) as error:
        problem = str(error)
    finally:
        visit.deadline.extend(CLEAN_UP_SECONDS)
        try:
            removal.own(visit, maker.name, maker.paths)
        except CheckFailedError as error:
            problem = f"{problem}; {error}" if problem else str(error)
    if problem:
        raise CheckFailedError(problem)


def _questions(wanted: ExpectedAnswers, saying: Saying) -> list[Mismatch]:
    questions: list[Mismatch] = [partial(wanted.mismatch, asked) for asked in wanted.asked(saying)]
    return [partial(wanted.document_mismatch, saying), *questions]


def _settle(visit: Visit, what: str, questions: Sequence[Mismatch]) -> float:
    """Ask until every answer is right, and then again; how long that took.

    Raises CheckFailedError for what is still wrong when the caches have had their time.
    """
    started, ends = time.monotonic(), Deadline(visit.place.staleness + MARGIN)
    asked = questions

    def right() -> float | NotYet:
        nonlocal asked
        rounds, took = 0, 0.0
        while rounds < ROUNDS:
            wrong = _wrong(asked)
            if wrong:
                asked = [question for question, _ in wrong]
                if ends.left:
                    return NotYet(wrong[0][1])
                more = f" (and {len(wrong) - 1} answers more)" if len(wrong) > 1 else ""
                waited = time.monotonic() - started
                raise CheckFailedError(f"{waited:.0f} s after {what}: {wrong[0][1]}{more}")
            rounds += len(asked) == len(questions)
            took = time.monotonic() - started if rounds <= 1 else took
            asked = questions
        return took

    # What is still wrong in the end is raised by itself, a moment before this would be over.
    return until(right, ends.left + 2 * PAUSE, late="Flags are not as they were set", longest_pause=PAUSE)


def _wrong(questions: Sequence[Mismatch]) -> list[tuple[Mismatch, str]]:
    """The questions that saw something wrong, and what."""
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda question: question(), questions))
    return [(question, problem) for question, problem in zip(questions, found, strict=True) if problem]
