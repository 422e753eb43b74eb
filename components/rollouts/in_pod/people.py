"""What a person says to a rollout: begin, pause, go on, one step back."""

from datetime import datetime

from .declared import CLOSE, Declared
from .states import Action, Cause, Decision, Live, Memory, Stage, beginning

STATUS = "`ff flags rollout status` says what is next"


class NotPossibleError(Exception):
    """What cannot be done with a rollout now; the message says why, and what can."""


def start(live: Live, memory: Memory | None, who: str, why: str, now: datetime) -> Decision:
    """Let a rollout begin, whenever it was to. Raises NotPossibleError for one that has."""
    _require_there(live)
    if memory is not None and memory.stage is not Stage.WAITING:
        then = "`ff flags rollout resume` lets it go on" if memory.stage is Stage.PAUSED else STATUS
        raise NotPossibleError(f"It has begun: it is {memory.stage}; {then}.")
    return _note("begins", Memory(live.share, now, Stage.RUNNING, now, why=why, who=who), live)


def pause(live: Live, memory: Memory | None, who: str, why: str, now: datetime) -> Decision:
    """Leave the share as it is until somebody resumes it. Raises NotPossibleError for one that is paused, or done."""
    kept = _going(live, memory, now)
    return _note("is paused", kept.paused(Cause.PERSON, why, who, now), live)


def back(declared: Declared, live: Live, memory: Memory | None, who: str, why: str, now: datetime) -> Decision:
    """One step back, and paused there. Raises NotPossibleError for a share that nobody has."""
    _require_there(live)
    if live.share < CLOSE:
        raise NotPossibleError("Nobody is in it: there is no step back; `ff flags rollout pause` keeps it so.")
    target = declared.before(live.share)
    memory = Memory(target, now, Stage.PAUSED, now, cause=Cause.PERSON, why=why, who=who, begun=True)
    return Decision(Action.LOWER, f"{live.share:g} % → {target:g} %", target, memory)


def resume(declared: Declared, live: Live, memory: Memory | None, who: str, why: str, now: datetime) -> Decision:
    """Go on from the share that is live, whose time begins anew: of one that is paused, and of one that was done, whose
    share somebody changed then. Raises NotPossibleError for others, and while what somebody changed still differs from
    what the catalogue declares."""
    _require_there(live)
    if memory is None or not (memory.stage is Stage.PAUSED or _is_stuck(declared, live, memory)):
        stage = memory.stage if memory else Stage.WAITING
        is_to_start = stage is Stage.WAITING and declared.start is None
        then = "`ff flags rollout start` lets it begin" if is_to_start else STATUS
        raise NotPossibleError(f"It is not paused: it is {stage}; {then}.")
    if live.changed:
        raise NotPossibleError(f"{live.changed}: change that back, or let the catalogue say it, first.")
    stage = Stage.RUNNING if memory.begun or live.share > CLOSE else Stage.WAITING
    return _note("goes on", Memory(live.share, now, stage, now, why=why, who=who), live)


def _is_stuck(declared: Declared, live: Live, memory: Memory) -> bool:
    """Whether it was done, and has further to go from a share that somebody set since."""
    is_moved = abs(live.share - memory.share) > CLOSE
    return memory.stage is Stage.DONE and is_moved and declared.after(live.share) is not None


def _require_there(live: Live) -> None:
    if live.gone:
        raise NotPossibleError(f"There is nothing to roll out: {live.gone}; `ff flags plan` says what would mend it.")


def _going(live: Live, memory: Memory | None, now: datetime) -> Memory:
    _require_there(live)
    if memory is not None and memory.stage is Stage.PAUSED:
        why = f" ({memory.why})" if memory.why else ""
        raise NotPossibleError(f"It is paused already{why}; `ff flags rollout resume` lets it go on.")
    if memory is not None and memory.stage is Stage.DONE:
        raise NotPossibleError("It is done: there is nothing to pause; `ff flags rollout back` goes one step back.")
    return memory or beginning(live.share, now)


def _note(why: str, memory: Memory, live: Live) -> Decision:
    return Decision(Action.NOTE, why, live.share, memory)
