"""Applies a plan: definitions first, then what they are in each environment, then what goes; and looks afterwards."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from flagops.commands.flags.history.last_run import stopped_writing_tags
from flagops.commands.flags.reconcile.apply.account import Account, Told
from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.apply.definitions import Definitions
from flagops.commands.flags.reconcile.apply.groups import Groups
from flagops.commands.flags.reconcile.apply.hiding import hide, of_hiding
from flagops.commands.flags.reconcile.apply.holding import hold_again, lost, release, unsaid
from flagops.commands.flags.reconcile.apply.mark import end_mark
from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.apply.removal import Removal
from flagops.commands.flags.reconcile.apply.reviewed import Reviewed
from flagops.commands.flags.reconcile.apply.rights import take
from flagops.commands.flags.reconcile.apply.states_of_plan import write_states
from flagops.commands.flags.reconcile.apply.together import THREADS
from flagops.commands.flags.reconcile.apply.twins import Copied, copy, twins
from flagops.commands.flags.reconcile.change import Change, FlagConflict, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.holds import loose
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.errors import AnswerError, OpsError
from flagops.flagsmith_api.connect import Connection


@dataclass(frozen=True)
class Done:
    """What was done: the changes, and what the server had, with the ids of what was made.

    `conflicts` are what was not done, since somebody changed it meanwhile. A run that ended early knows no ids of what
    it made, unless it read the server again.
    """

    changes: tuple[Change, ...]
    found: Snapshot
    conflicts: tuple[FlagConflict, ...] = ()

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
    on_change: Callable[[Change], None],
    on_begin: Callable[[list[Change]], None] = lambda _: None,
    on_refused: Callable[[list[Change]], None] = lambda _: None,
    on_end: Callable[[Done, bool], None] = _ignore,
    stopped: Callable[[], bool] = lambda: False,
    rate: float,
) -> Done:
    """Carry out the plan, step by step; a run that ends in between is completed by the next one.

    Args:
        connection: Where.
        reviewed: What was agreed to, read from there a moment ago.
        on_change: Is told of each step when it is done.
        on_begin: Is told of steps before they are done, from several threads; what it raises stops the run before them.
        on_refused: Is told of steps that the server refused, likewise.
        on_end: Is told what was done, and whether that is all: also of a run that fails or is interrupted.
        rate: Requests a second, at most.
        stopped: Asked before each step: whether another run took the lock over.

    Raises:
        OpsError: A step was refused, the lock was lost, or the server is not as planned afterwards.
    """
    connection.client.limit_rate(rate)
    run = _Run(connection, reviewed, Told(on_begin, on_refused, on_change, stopped))
    is_whole = False
    try:
        run.all()
        run.end_mark()
        is_whole = True
    except OpsError as error:
        done = f" {len(run.to.done)} steps were done." if run.to.done else ""
        done += run.give_back_after_failing()
        hint = "Run it again: what is done is not done twice."
        raise error.reworded(f"{error.message}{done}", hint=f"{error.hint} {hint}" if error.hint else hint) from None
    finally:
        on_end(run.so_far(), is_whole)
    return run.so_far()


class _Run:
    def __init__(self, connection: Connection, reviewed: Reviewed, told: Told) -> None:
        self._client = connection.client
        self._reviewed, self._wanted = reviewed, reviewed.wanted
        self._found = reviewed.found
        self._at_once = AtOnce(self._client)
        self._off: set[str] = set()
        self.to = Account(connection, reviewed, told)

    def so_far(self) -> Done:
        """What was done."""
        return Done(tuple(self.to.done), self._found, self.to.left)

    def all(self) -> None:
        """Do everything."""
        found, todo = self._reviewed.found, self._reviewed.plan
        makes = Definitions(self.to.connection, self._wanted, found, self.to)
        copies = twins(self._wanted, todo) if self._at_once.is_known else {}
        has_made = makes.run(todo, threads=THREADS if self._at_once.is_known else 1, late=copies)
        made = set(makes.found.environments) - set(found.environments)
        # Of flags that there were, nobody knows what they are in a new environment; nor what that one hides.
        is_unknown = made and (found.flags or not self._wanted.hides.keys().isdisjoint(made))
        if is_unknown or (has_made and not self._at_once.is_known):
            # What was made has ids now, and states of its own.
            again = self.to.again()
            found, todo = again.found, again.plan
        elif has_made:
            found = makes.found
        self._found = found
        for change in of_hiding(todo.changes):
            self.to.connection = hide(self.to.connection, found, change)
            self.to.announce(change)
        self._found = found = self._write(found, todo, copies)
        if copies:
            found, todo, is_whole = self._copy(found, todo, copies)
            if is_whole and not todo.changes:
                return  # which was looked at
        Removal(self.to, self._wanted, self._reviewed.found, found).run(todo.changes)
        groups = Groups(self.to.connection, self._wanted, found)
        for name, changes in todo.of(ObjectKind.GROUP).items():
            groups.write(name)
            for change in changes:
                self.to.announce(change)
        for change in todo.changes:
            if change.kind is ObjectKind.RIGHTS:
                take(self._client, found, change)
                self.to.announce(change)
            if change.kind is ObjectKind.HOLD and self._hold_or_release(found, change):
                self.to.announce(change)
        if self.to.done or self._reviewed.number:
            self._verify()

    def _write(self, found: Snapshot, todo: FlagPlan, late: Collection[str] = ()) -> Snapshot:
        def again() -> Reviewed:
            read = self.to.again()
            return replace(read, plan=read.plan.without(late))

        args = (self._client, self._at_once, self._wanted, found, todo.without(late), self.to, again)
        return write_states(*args)

    def _copy(self, found: Snapshot, todo: FlagPlan, copies: Mapping[str, str]) -> tuple[Snapshot, FlagPlan, bool]:
        """Make these environments as copies, write what is different there; whether there was nothing to write."""
        own = [item for item in todo.changes if item.environment in copies]
        self.to.begin([item for item in own if not self.to.is_left(item)])
        for name, of in copies.items():
            copy(self.to.connection, found, name, of)
        self.to.fresh = frozenset(copies)
        again = self.to.again()
        self._found = found = again.found
        self._give_back(found)
        copied = Copied.of(self._wanted, found, self._reviewed.alone, copies)
        for change in copied.lacking:
            self.to.leave([change], ChangedMeanwhileError(f"as it was in {copies[change.environment or '']}"))
        left = {(change.name, change.environment) for change in (*copied.plan.changes, *copied.lacking)}
        for change in todo.changes:
            is_of_copy = change.environment in copies and (change.name, change.environment) not in left
            if is_of_copy or (change.kind is ObjectKind.ENVIRONMENT and change.name in copies):
                self.to.announce(change)
        for change in of_hiding(again.plan.changes):
            self.to.connection = hide(self.to.connection, found, change)
            self.to.announce(change)

        def once_more() -> Copied:
            return Copied.of(self._wanted, self.to.again().found, self._reviewed.alone, copies)

        self._write(found, again.plan, copies)
        write_states(self._client, self._at_once, self._wanted, copied.found, copied.plan, self.to, once_more)
        return found, again.plan, not copied.plan.changes

    def _verify(self) -> None:
        again = self.to.again()
        self._give_back(again.found)
        left = tuple(item for item in again.plan.changes if not self.to.is_left(item))
        if left:
            raise AnswerError(f"Not everything was applied; Flagsmith still shows other values: {_names(left)} differ.")

    def _give_back(self, now: Snapshot) -> None:
        """Holds that began meanwhile, and whose tags this run's writing took away, get them again."""
        before, moment = self._reviewed.found, self._client.now()
        flags = {item.name: item for item in self._reviewed.plan.changes if item.kind is ObjectKind.FLAG}
        again = [(name, tag) for name, tag in lost(before, now, flags, moment).items() if name in now.flags]
        retagged = {name: change for name, change in self._reviewed.plan.retagged.items() if name in now.flags}
        new = unsaid(before, now, moment) if retagged else []
        if len(retagged) == 1:
            again += [(name, tag) for name in retagged for tag in new]
        elif new:
            said = f"not held, if the new tag {', '.join(new)}, which no flag has, is for it: then give it back"
            for change in retagged.values():
                self.to.leave([change], ChangedMeanwhileError(said))
        for name, tag in again:
            if hold_again(self.to.connection, now.flags[name].id, now.tags[tag]):
                self.to.leave([flags[name]], ChangedMeanwhileError(f"held by the tag {tag}"))
        there = () if stopped_writing_tags(before) else before.tags
        self._off = set(loose(now, moment)).difference(there, (tag for _, tag in again))

    def end_mark(self) -> None:
        """Note that no tags are written any more, unless the tag of a hold is on no flag since."""
        if self._reviewed.number is not None and not self._off:
            end_mark(self.to.connection, self._reviewed.number)

    def _hold_or_release(self, found: Snapshot, change: Change) -> bool:
        """Do this step; False where a hold that was to come back was ended meanwhile."""
        feature = found.flags[change.name].id
        if change.after is not None:
            return hold_again(self.to.connection, feature, found.tags[change.after])
        release(self.to.connection, feature, [change.before])
        return True

    def give_back_after_failing(self) -> str:
        """The same, of a run that ended early; what cannot be looked at, in words."""
        if not self._reviewed.plan.retagged:
            return ""  # no tags were written but of new flags
        try:
            self._give_back(self.to.again().found)
        except OpsError:
            return " Whether it took away the tag of a hold that began meanwhile cannot be told."
        return ""


def _names(changes: Collection[Change]) -> str:
    names = dict.fromkeys(
        f"{change.kind} {change.name}" + (f" in {change.environment}" if change.environment else "")
        for change in changes
    )
    listed = list(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more
