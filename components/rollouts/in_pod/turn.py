"""One turn of a runner: looks at every rollout of a project, decides, and writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from .asking import answers
from .decide import decide
from .project import Found, Rollouts
from .prometheus import Prometheus
from .states import Action, Answer, Decision, Verdict

NO_PROMETHEUS = "no Prometheus is named"
ABSURD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a declaration or an answer raises that cannot be, such as a step that lasts until after the last year."""


@dataclass(frozen=True)
class Turned:
    """What one turn made of one rollout.

    Attributes:
        found: The rollout, as it was read.
        answers: What its guards say.
        decision: What is to be done.
        is_written: Whether that was written; of WAIT there is nothing to write.
        problem: Why it was not: a refusal, or somebody's change meanwhile. The next turn decides anew.
    """

    found: Found
    answers: Mapping[str, Answer]
    decision: Decision
    is_written: bool = False
    problem: str = ""


def turn(
    rollouts: Rollouts,
    prometheus: Prometheus | None,
    now: Callable[[], datetime],
    failures: tuple[type[Exception], ...],
    *,
    writes: bool = True,
) -> Iterator[Turned]:
    """What is to be done with each rollout; what fails for one stops no other one.

    Args:
        rollouts: Those of the project.
        prometheus: Whom the guards ask; without one, they count as away.
        now: This machine's time.
        failures: What the API raises where a write fails. While all is read, it is raised.
        writes: Whether it is done; else it is only said.
    """
    for found in rollouts.all():
        try:
            said = _said(found, prometheus, now)
        except ABSURD as error:
            why = f"cannot be decided: {error or type(error).__name__}"
            said = {}, Decision(Action.WAIT, why, found.live.share, found.description.memory, warns=True)
        decision = said[1]
        if decision.action is Action.WAIT or not writes:
            yield Turned(found, *said)
            continue
        try:
            is_written = rollouts.write(found, decision)
        except failures as error:
            yield Turned(found, *said, problem=str(error) or type(error).__name__)
            continue
        problem = "" if is_written else "somebody changed its segment meanwhile"
        yield Turned(found, *said, is_written=is_written, problem=problem)


def _said(
    found: Found, prometheus: Prometheus | None, now: Callable[[], datetime]
) -> tuple[Mapping[str, Answer], Decision]:
    declared, memory, live, moment = found.description.declared, found.description.memory, found.live, now()
    if declared is None or not _matter(found, moment):
        return {}, decide(declared, live, {}, memory, moment)
    if prometheus is None:
        given = {guard.name: Answer(Verdict.AWAY, NO_PROMETHEUS) for guard in declared.guards}
    else:
        given = answers(prometheus, declared, live.share, memory.since if memory else moment, moment)
    return given, decide(declared, live, given, memory, moment)


def _matter(found: Found, now: datetime) -> bool:
    """Whether what the guards say makes a difference: nobody is asked about a rollout that waits or is paused."""
    declared = found.description.declared
    guards = declared.guards if declared else ()
    said = [
        decide(declared, found.live, {guard.name: Answer(verdict) for guard in guards}, found.description.memory, now)
        for verdict in (Verdict.GOOD, Verdict.BROKEN)
    ]
    return said[0] != said[1]
