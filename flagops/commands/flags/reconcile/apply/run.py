"""Applies a plan: definitions first, then what they are in each environment, then what goes; and looks afterwards."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.apply.changing import archive
from flagops.commands.flags.reconcile.apply.definitions import Definitions, OnChange, is_removed_variation
from flagops.commands.flags.reconcile.apply.groups import Groups
from flagops.commands.flags.reconcile.apply.hiding import hide, of_hiding
from flagops.commands.flags.reconcile.apply.holding import release
from flagops.commands.flags.reconcile.apply.rights import take
from flagops.commands.flags.reconcile.apply.states_of_plan import write_states
from flagops.commands.flags.reconcile.apply.together import THREADS
from flagops.commands.flags.reconcile.apply.twins import copy, twins
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind, not_in
from flagops.commands.flags.reconcile.compare import matched
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.judged import Judged
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.required import require_fields
from flagops.commands.flags.reconcile.server_rules import require_taken
from flagops.commands.flags.reconcile.some import leave
from flagops.commands.flags.server.engine import judged
from flagops.commands.flags.server.read import read
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import AnswerError, ConflictError, OpsError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import environments_of


@dataclass(frozen=True)
class Reviewed:
    """What was read and planned, for a person or a pipeline to agree to."""

    wanted: ProjectSpec
    found: Snapshot
    plan: FlagPlan
    hands: Hands
    alone: Judged
    delete: bool = False

    @property
    def connection(self) -> Connection:
        """Where."""
        return self.hands.connection

    @classmethod
    def now(
        cls, connection: Connection, wanted: ProjectSpec, *, delete: bool = False, hands: Hands | None = None
    ) -> "Reviewed":
        """Read the server, and plan; what would undo somebody's change is left alone.

        What is known of such changes is in `hands`; by default, what the stack and the audit log know.
        """
        hands = hands or Hands.of(connection)
        found = _read(connection, wanted)
        todo, waits = leave(plan(wanted, found, delete=delete), wanted, found)
        require_taken(connection, wanted, found)
        require_fields(connection, todo, found)
        changed = {name for name, changes in todo.of(ObjectKind.SEGMENT).items() if any(map(_changes_rules, changes))}
        said = judged(connection.client, wanted, changed)
        allowed, alone = hands.judge(replace(todo, waiting=(*said, *todo.waiting)), wanted, found)
        return cls(wanted, found, allowed, hands, replace(alone, waits=waits), delete)

    def again(self, connection: Connection) -> "Reviewed":
        """Read the server again, in the middle of carrying it out: what is left alone is not judged anew."""
        found = _read(connection, self.wanted)
        planned = self.alone.leave(plan(self.wanted, found, delete=self.delete), self.wanted, found)
        return replace(self, found=found, plan=planned)


def _read(connection: Connection, wanted: ProjectSpec) -> Snapshot:
    """All environments of the catalogue, also those that are left alone: what they use must not change under them."""
    whole = wanted.whole or wanted
    return read(connection, whole.environments, whole.flags, with_people=wanted.access is not None)


def _changes_rules(change: Change) -> bool:
    return change.action is Action.CREATE or change.field == ("rules",)


@dataclass(frozen=True)
class Done:
    """What was done: the changes, and what the server had, with the ids of what was made.

    A run that ended early knows no ids of what it made, unless it read the server again.
    """

    changes: tuple[Change, ...]
    found: Snapshot

    @property
    def flags(self) -> dict[str, int]:
        """The ids of the flags that were changed."""
        numbers = {flag.name: flag.id for flag in self.found.flags.values()}
        changed = {change.name for change in self.changes if change.kind is ObjectKind.FLAG}
        return {name: numbers[name] for name in sorted(changed) if name in numbers}


def _ignore(_: Done, _is_whole: bool) -> None:  # noqa: FBT001 - the form of a callback
    """Nobody keeps a record."""


def apply(
    connection: Connection,
    reviewed: Reviewed,
    *,
    on_change: OnChange,
    on_end: Callable[[Done, bool], None] = _ignore,
    stopped: Callable[[], bool] = lambda: False,
    rate: float,
) -> Done:
    """Carry out the plan, step by step; a run that ends in between is completed by the next one.

    Args:
        connection: Where.
        reviewed: What was agreed to, read from there a moment ago.
        on_change: Is told of each step when it is done.
        on_end: Is told what was done, and whether that is all: also of a run that fails or is interrupted.
        rate: Requests a second, at most.
        stopped: Asked before each step: whether another run took the lock over.

    Raises:
        OpsError: A step was refused, the lock was lost, or the server is not as planned afterwards.
    """
    connection.client.limit_rate(rate)
    run = _Run(connection, reviewed, on_change, stopped)
    is_whole = False
    try:
        run.all()
        is_whole = True
    except OpsError as error:
        done = f" {len(run.done)} steps were done." if run.done else ""
        hint = "Run it again: what is done is not done twice."
        raise error.reworded(f"{error.message}{done}", hint=f"{error.hint} {hint}" if error.hint else hint) from None
    finally:
        on_end(run.so_far(), is_whole)
    return run.so_far()


class _Run:
    def __init__(
        self, connection: Connection, reviewed: Reviewed, on_change: OnChange, stopped: Callable[[], bool]
    ) -> None:
        self._connection, self._client = connection, connection.client
        self._reviewed, self._wanted = reviewed, reviewed.wanted
        self._on_change, self._stopped = on_change, stopped
        self._found = reviewed.found
        self._at_once = AtOnce(self._client)
        self.done: list[Change] = []

    def so_far(self) -> Done:
        """What was done."""
        return Done(tuple(self.done), self._found)

    def all(self) -> None:
        """Do everything."""
        found, todo = self._reviewed.found, self._reviewed.plan
        makes = Definitions(self._connection, self._wanted, found, self._announce)
        copies = twins(self._wanted, todo) if self._at_once.is_known else {}
        has_made = makes.run(todo, threads=THREADS if self._at_once.is_known else 1, late=copies)
        made = set(makes.found.environments) - set(found.environments)
        # Of flags that there were, nobody knows what they are in a new environment; nor what that one hides.
        is_unknown = made and (found.flags or not self._wanted.hides.keys().isdisjoint(made))
        if is_unknown or (has_made and not self._at_once.is_known):
            # What was made has ids now, and states of its own.
            again = self._again()
            found, todo = again.found, again.plan
        elif has_made:
            found = makes.found
        self._found = found
        for change in of_hiding(todo.changes):
            self._connection = hide(self._connection, found, change)
            self._announce(change)
        self._found = found = self._write(found, todo, copies)
        if copies:
            found, todo = self._copy(found, todo, copies)
            if not todo.changes:
                return  # which was looked at
        self._remove(found, todo)
        groups = Groups(self._connection, self._wanted, found)
        for name, changes in todo.of(ObjectKind.GROUP).items():
            groups.write(name)
            for change in changes:
                self._announce(change)
        for change in todo.changes:
            if change.kind is ObjectKind.RIGHTS:
                take(self._client, found, change)
                self._announce(change)
            if change.kind is ObjectKind.HOLD:
                release(self._connection, found.flags[change.name].id, [change.before])
                self._announce(change)
        if self.done:
            self._verify()

    def _write(self, found: Snapshot, todo: FlagPlan, late: Collection[str] = ()) -> Snapshot:
        def again() -> Reviewed:
            read = self._again()
            return replace(read, plan=read.plan.without(late))

        args = (self._client, self._at_once, self._wanted, found, todo.without(late), self._announce, again)
        return write_states(*args)

    def _copy(self, found: Snapshot, todo: FlagPlan, copies: Mapping[str, str]) -> tuple[Snapshot, FlagPlan]:
        """Make these environments as copies; what is different there is written afterwards."""
        for name, of in copies.items():
            copy(self._connection, found, name, of)
        again = self._again()
        left = {(change.name, change.environment) for change in again.plan.changes}
        for change in todo.changes:
            is_of_copy = change.environment in copies and (change.name, change.environment) not in left
            if is_of_copy or (change.kind is ObjectKind.ENVIRONMENT and change.name in copies):
                self._announce(change)
        self._found = again.found
        for change in of_hiding(again.plan.changes):
            self._connection = hide(self._connection, again.found, change)
            self._announce(change)
        return self._write(again.found, again.plan), again.plan

    def _announce(self, change: Change) -> None:
        self.done.append(change)
        self._on_change(change)
        if self._stopped():
            raise ConflictError("Another run took over the lock, so this one stopped.")

    def _again(self) -> Reviewed:
        environments = environments_of(self._client, self._connection.project)
        connection = replace(self._connection, environments=tuple(environments))
        again = self._reviewed.again(connection)
        others = not_in(again.plan.changes, self._reviewed.plan.changes)
        if others:
            raise ConflictError(f"Somebody changed {_names(others)} meanwhile.")
        return again

    def _remove(self, found: Snapshot, todo: FlagPlan) -> None:
        project = f"/api/v1/projects/{self._connection.project}"
        for change in todo.changes:
            if is_removed_variation(change):
                self._remove_variation(found, change)
                continue
            if change.field or change.action not in (Action.ARCHIVE, Action.DELETE):
                continue
            if change.kind is ObjectKind.SEGMENT:
                self._client.delete(f"{project}/segments/{found.segments[change.name].id}/")
            elif change.action is Action.DELETE:
                self._client.delete(f"{project}/features/{found.flags[change.name].id}/")
            else:
                archive(
                    self._client, f"{project}/features/{found.flags[change.name].id}/", found.flags[change.name].fields
                )
            self._announce(change)

    def _remove_variation(self, found: Snapshot, change: Change) -> None:
        flag = found.flags[change.name]
        kept = {item.id for item in matched(flag.options, self._wanted.flags[change.name].options).values()}
        for item in flag.options:
            if item.id not in kept and change.field[1] == (item.key or str(item.value)):
                path = f"/api/v1/projects/{self._connection.project}/features/{flag.id}/mv-options/{item.id}/"
                self._client.delete(path)
        self._announce(change)

    def _verify(self) -> None:
        left = self._again().plan.changes
        if left:
            raise AnswerError(f"Not everything was applied; Flagsmith still shows other values: {_names(left)} differ.")


def _names(changes: Collection[Change]) -> str:
    names = dict.fromkeys(
        f"{change.kind} {change.name}" + (f" in {change.environment}" if change.environment else "")
        for change in changes
    )
    listed = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more
