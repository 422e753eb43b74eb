"""The rollouts of a project, and what a person says to one of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from shlex import quote
from time import sleep

from components.rollouts.in_pod import people
from components.rollouts.in_pod.declared import CLOSE
from components.rollouts.in_pod.project import Found, Rollouts
from components.rollouts.in_pod.states import Action, Decision, Stage
from flagops.errors import ConflictError, NotFoundError, RefusedError
from flagops.flagsmith_api.connect import Connection

Say = Callable[[Found], Decision]
SETTLED_SECONDS = 2.0
"""A runner's last read and its write are two requests, well under a second; a slow server is allowed for."""
MOST_TIMES = 4


def now() -> datetime:
    """The time here."""
    return datetime.now(UTC)


def of_flag(connection: Connection, flag: str, environments: Sequence[str]) -> list[Found]:
    """The rollouts of a flag; in these environments, or in all. Raises NotFoundError where there is none, RefusedError
    where what is said of it cannot be read."""
    for name in environments:
        connection.environment(name)
    every = Rollouts(connection.client, connection.project).all()
    declared = [(item, item.description.declared) for item in every]
    found = [
        item for item, of in declared if of and of.flag == flag and (not environments or of.environment in environments)
    ]
    unreadable = [item for item, of in declared if of is None and item.name.startswith(f"{flag}.")]
    if unreadable and not found:
        raise RefusedError(
            "; ".join(f"{item.name}: {item.live.gone}" for item in unreadable) + ".",
            hint=f"Write the steps again: ff flags apply --take-back {quote(flag)}",
        )
    if not found:
        where = f" in {', '.join(environments)}" if environments else ""
        known = sorted({of.flag for _, of in declared if of}) or ["none"]
        raise NotFoundError(
            f"{flag} has no rollout{where} in {connection.name}; flags with one: {', '.join(known)}.",
            hint="`ff flags apply` writes the steps of the catalogue.",
        )
    return found


def one_of_flag(connection: Connection, flag: str, environments: Sequence[str]) -> Found:
    """The one rollout that is meant. Raises RefusedError where it could be several. A segment whose share nobody has,
    as of an earlier rollout or a copy, is meant only where there is no other."""
    every = of_flag(connection, flag, environments)
    found = [item for item in every if not item.live.gone] or every
    if len(found) > 1:
        names = ", ".join(item.name for item in found)
        raise RefusedError(f"{flag} has {len(found)} rollouts: {names}.", hint="Name one environment with -e.")
    return found[0]


def said_by(actor: tuple[str, str], reason: str, what: str) -> Say:
    """What `start`, `pause`, `resume` or `back` makes of a rollout, as whom and why."""
    who = actor[1] or actor[0]

    def say(found: Found) -> Decision:
        declared, memory, live = found.description.declared, found.description.memory, found.live
        assert declared is not None  # noqa: S101 - only such are found
        if what == "start":
            return people.start(live, memory, who, reason, now())
        if what == "pause":
            return people.pause(live, memory, who, reason, now())
        said = people.resume if what == "resume" else people.back
        return said(declared, live, memory, who, reason, now())

    return say


def carry_out(connection: Connection, found: Found, say: Say) -> Decision:
    """Write what a person says, and answer it when it is there for good.

    A runner or an apply that had read the segment before may write over it. So it is read again at once, and once more
    after a time in which all that was under way is over; where it was lost, it is said again.

    Raises:
        RefusedError: It cannot be done now.
        ConflictError: Somebody changed the segment meanwhile, or others wrote over it again and again.
    """
    of_project = Rollouts(connection.client, connection.project)
    said = _said(found, say)
    if not of_project.write(found, said):
        raise ConflictError(
            f"{found.name} changed meanwhile; nothing was written.",
            hint="Run `ff flags rollout status`, then this again.",
        )
    for _ in range(MOST_TIMES):
        lost = not of_project.is_kept(found, said) and _lost(of_project, found, said)
        if not lost:
            sleep(SETTLED_SECONDS)
            lost = not of_project.is_kept(found, said) and _lost(of_project, found, said)
        if not lost:
            return said
        found, said = lost, _again(lost, said, say)
        of_project.write(found, said)
    raise ConflictError(
        f"{found.name}: others wrote over it {MOST_TIMES} times; whether it counts is not sure.",
        hint="`ff flags rollout status` says what is there.",
    )


def _said(found: Found, say: Say) -> Decision:
    try:
        return say(found)
    except people.NotPossibleError as error:
        raise RefusedError(f"{found.name}: {error}") from None


def _again(found: Found, said: Decision, say: Say) -> Decision:
    """The same once more: one step back is to where it was to be, and not one more."""
    if said.action is not Action.LOWER or said.memory is None:
        return _said(found, say)
    share = min(said.share, found.live.share)
    return replace(said, share=share, memory=replace(said.memory, share=share, since=now(), at=now()))


def _lost(of_project: Rollouts, found: Found, said: Decision) -> Found | None:
    """The rollout as it is now, where what was said to it is not there any more; None where it is, or is dealt with."""
    there = next((item for item in of_project.all() if item.segment["id"] == found.segment["id"]), None)
    if there is None or said.memory is None:
        return None
    memory, ours = there.description.memory, said.memory
    if memory is None:
        return there
    if memory.who and memory.at > ours.at:
        return None  # somebody said something else since
    if ours.stage is not Stage.PAUSED:
        return there if memory.stage is Stage.PAUSED and memory.at <= ours.at else None
    is_lower = said.action is not Action.LOWER or there.live.share <= said.share + CLOSE
    return None if memory.stage is Stage.PAUSED and is_lower else there
