"""The rollouts of a project, and what a person says to one of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from shlex import quote

from components.rollouts.in_pod import people
from components.rollouts.in_pod.project import Found, Rollouts
from components.rollouts.in_pod.states import Decision
from flagops.errors import ConflictError, NotFoundError, RefusedError
from flagops.flagsmith_api.connect import Connection

Say = Callable[[Found], Decision]


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
            hint=f"Write the steps anew: ff flags apply --take-back {quote(flag)}",
        )
    if not found:
        where = f" in {', '.join(environments)}" if environments else ""
        known = sorted({of.flag for _, of in declared if of}) or ["none"]
        raise NotFoundError(
            f"{flag} has no rollout{where} in {connection.name}; flags with one: {', '.join(known)}.",
            hint="`ff flags apply` brings the steps of the catalogue.",
        )
    return found


def one_of_flag(connection: Connection, flag: str, environments: Sequence[str]) -> Found:
    """The one rollout that is meant. Raises RefusedError where it could be several."""
    found = of_flag(connection, flag, environments)
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
    """Write what a person says, and answer it. Raises RefusedError for what cannot be done now, and ConflictError where
    somebody changed the segment meanwhile."""
    try:
        said = say(found)
    except people.NotPossibleError as error:
        raise RefusedError(f"{found.name}: {error}") from None
    if not Rollouts(connection.client, connection.project).write(found, said):
        raise ConflictError(
            f"{found.name} changed meanwhile; nothing was written.", hint="Look again: status, then this."
        )
    return said
