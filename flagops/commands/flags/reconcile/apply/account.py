"""What a run did and left: who is told of it, and what is left to do when the server is read again."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from flagops.commands.flags.reconcile.apply.definitions import is_removed_variation
from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.apply.reviewed import Reviewed
from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, Why, not_in
from flagops.commands.flags.reconcile.judged import JUDGED, Owner, owner
from flagops.commands.flags.reconcile.view import in_words
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import environments_of


@dataclass(frozen=True)
class Told:
    """Who is told: of steps before they are done, of those that were refused, of each change; whether to stop."""

    begin: Callable[[list[Change]], None]
    refused: Callable[[list[Change]], None]
    change: Callable[[Change], None]
    stopped: Callable[[], bool]


class Account:
    """What a run did, and what it left as it is, since somebody changed it meanwhile.

    Attributes:
        connection: Where, with what the server says of the project now.
        done: The changes that were made.
        fresh: The environments that this run made as copies, in which nothing is anybody's.
    """

    def __init__(self, connection: Connection, reviewed: Reviewed, told: Told) -> None:
        self.connection, self._reviewed, self._told = connection, reviewed, told
        self.done: list[Change] = []
        self.fresh: frozenset[str] = frozenset()
        self._known: set[int] = set()
        self._left: dict[Owner, list[FlagConflict]] = {}

    @property
    def left(self) -> tuple[FlagConflict, ...]:
        """What was left."""
        return tuple(item for items in self._left.values() for item in items)

    def is_left(self, change: Change) -> bool:
        """Whether a change is of a flag or segment of which something was left: then all of it is, but in copies."""
        return change.environment not in self.fresh and owner(change, self._reviewed.wanted) in self._left

    def begin(self, changes: list[Change]) -> None:
        """Changes are made next. Raises ChangedMeanwhileError for a flag of which something was left."""
        if any(map(self.is_left, changes)):
            raise ChangedMeanwhileError
        self._told.begin(changes)

    def refused(self, changes: list[Change]) -> None:
        """The server refused them."""
        self._told.refused(changes)

    def announce(self, change: Change) -> None:
        """A change was made. Raises ConflictError where the run is to stop."""
        if id(change) in self._known:
            return
        self._known.add(id(change))
        self.done.append(change)
        self._told.change(change)
        if self._told.stopped():
            raise ConflictError("Another run took over the lock, so this one stopped.")

    def leave(self, changes: list[Change], error: ChangedMeanwhileError) -> None:
        """Changes of one object are not made, since somebody changed it."""
        if error.said:
            self._leave(changes[0], error.said)

    def again(self) -> Reviewed:
        """Read the server again: what is left to do, without what somebody changed since it was read, or written."""
        environments = environments_of(self.connection.client, self.connection.project)
        connection = replace(self.connection, environments=tuple(environments))
        again = self._reviewed.again(connection).without(self.left)
        others = not_in(again.plan.changes, self._reviewed.plan.changes)
        foreign = [change for change in others if change.kind not in JUDGED]
        if foreign:
            names = ", ".join(dict.fromkeys(f"{change.kind} {change.name}" for change in foreign))
            raise ConflictError(f"Somebody changed {names} meanwhile.")
        written = {(change.kind, change.name, change.environment) for change in self.done}
        undone = [change for change in again.plan.changes if _place(change) in written and change.kind in JUDGED]
        more = [
            self._leave(change, _undone(change, again.found))
            for change in (*others, *(change for change in undone if not is_removed_variation(change)))
        ]
        return again.without(more) if more else again

    def _leave(self, change: Change, said: str) -> FlagConflict:
        kind, name = owner(change, self._reviewed.wanted)
        conflict = FlagConflict(kind, name, change, Why.MEANWHILE, said=said)
        self._left.setdefault((kind, name), []).append(conflict)
        return conflict


def _place(change: Change) -> tuple[str, str, str | None]:
    return change.kind, change.name, change.environment


def _undone(change: Change, found: Snapshot) -> str:
    """What is there in place of what was written, in words."""
    if change.action is Action.CREATE and change.name not in found.flags:
        return "it was deleted"
    if not change.field or change.action is not Action.UPDATE:
        return "now another"
    return f"now {in_words(replace(change, environment=None, action=Action.CREATE, after=change.before))}"
