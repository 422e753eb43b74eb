"""One turn of a runner: looks at every rollout of a project, decides, and writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from .asking import Guards
from .decide import decide
from .project import Found, Rollouts
from .prometheus import Prometheus
from .states import Action, Answer, Decision, Verdict

CHANGED = "somebody changed its segment meanwhile"
OVERWRITTEN = "somebody wrote to its segment at the same time; what is there now counts"
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
        failures: What the API raises: of one rollout it is a problem. While the project is read, it is raised.
        writes: Whether it is done; else it is only said, with all that is live of each.
    """
    guards = Guards(prometheus)
    stopping: tuple[type[Exception], ...] = (*failures, *ABSURD)
    for found in rollouts.each(stopping, is_whole=not writes):
        if found.problem:
            yield _failed(found, found.problem)
            continue
        try:
            given, decision = _said(found, guards, now)
        except ABSURD as error:
            yield Turned(found, {}, _cannot(found, f"cannot be decided: {error or type(error).__name__}"))
            continue
        if decision.action is Action.WAIT or not writes:
            yield Turned(found, given, decision)
            continue
        try:
            yield _written(rollouts, found, given, now) or Turned(found, given, decision, problem=CHANGED)
        except stopping as error:
            yield Turned(found, given, decision, problem=str(error) or type(error).__name__)


def _written(
    rollouts: Rollouts, found: Found, given: Mapping[str, Answer], now: Callable[[], datetime]
) -> Turned | None:
    """Decides once more right before the write, by what is live then: somebody may have held the flag, or changed it,
    while the guards were asked. None where the segment changed meanwhile."""
    fresh = rollouts.again(found)
    if fresh is None:
        return None
    decision = decide(fresh.description.declared, fresh.live, given, fresh.description.memory, now())
    if decision.action is Action.WAIT:
        return Turned(fresh, given, decision)
    if not rollouts.write(fresh, decision):
        return None
    if not rollouts.is_kept(fresh, decision):
        return Turned(fresh, given, decision, problem=OVERWRITTEN)
    return Turned(fresh, given, decision, is_written=True)


def _failed(found: Found, problem: str) -> Turned:
    return Turned(found, {}, _cannot(found, problem), problem=problem)


def _cannot(found: Found, why: str) -> Decision:
    return Decision(Action.WAIT, why, found.live.share, found.description.memory, warns=True)


def _said(found: Found, guards: Guards, now: Callable[[], datetime]) -> tuple[Mapping[str, Answer], Decision]:
    declared, memory, live, moment = found.description.declared, found.description.memory, found.live, now()
    if declared is None or not _matter(found, moment):
        return {}, decide(declared, live, {}, memory, moment)
    given = guards.answers(declared, live.share, memory.since if memory else moment, moment)
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
