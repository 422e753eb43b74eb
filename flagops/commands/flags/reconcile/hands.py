"""Whose hand is on a switch: which changes of a plan would undo what somebody else did since the last apply.

What is declared, what is live and what the last apply left are compared. What it left is in its notes; where they say
nothing of an object, the audit log says who changed it last; where there is neither, nobody can tell, and no switch
that was ever touched is changed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote

from flagops.commands.flags.history.applies import Apply, of_stack
from flagops.commands.flags.history.last_run import last_run
from flagops.commands.flags.history.left import Facts, Left, ObjectKey
from flagops.commands.flags.history.log import (
    SLACK,
    AuditLog,
    LogEntry,
    audit_log,
    is_by_hand,
    is_of_apply,
    is_same_actor,
)
from flagops.commands.flags.history.notes import NoteStore, missing, store_of
from flagops.commands.flags.reconcile import facts
from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagPlan, ObjectKind, Why
from flagops.commands.flags.reconcile.elsewhere import in_use_elsewhere
from flagops.commands.flags.reconcile.hands_rollout import is_as_its_rollout_left_it, is_unreadable
from flagops.commands.flags.reconcile.holds import holds, put_back
from flagops.commands.flags.reconcile.judged import JUDGED, Judged, owner
from flagops.commands.flags.reconcile.undone import compared, is_about, is_as_made, is_half_made, is_override
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import NotFoundError, OpsError, RefusedError
from flagops.flagsmith_api.connect import Connection


@dataclass
class Hands:
    """What is known of who changed what.

    Attributes:
        connection: The Flagsmith.
        store: Where notes are kept; None for nowhere.
        take_back: The flags and segments that are to be as the catalogue says, whoever changed them.
        problems: Why something that could tell cannot be read.
    """

    connection: Connection
    store: NoteStore | None
    take_back: frozenset[str] = frozenset()
    problems: list[str] = field(default_factory=list)
    _is_read: bool = field(default=True, init=False, repr=False)

    @classmethod
    def of(cls, connection: Connection, notes: Path | None = None, take_back: Collection[str] = ()) -> "Hands":
        """What can be known there."""
        return cls(connection, store_of(connection, notes), frozenset(take_back))

    def known(self, found: Snapshot) -> Left | None:
        """What the last apply left; None where that is not noted, or another apply was there since."""
        left, run = self._noted, last_run(found)
        last = left.since(run) if left is not None else None
        if left is None and run is not None and self.store is not None and self._is_read:
            self.problems.append(missing(self.store, self._kept))
        if left is not None and last is None:
            self.problems.append(
                "The notes are of an older apply than the last one there, and are not used: another one, or a restore "
                "of the database, came since."
            )
        return last

    @cached_property
    def _noted(self) -> Left | None:
        return self._kept.of(self.connection) if self._kept else None

    @cached_property
    def _kept(self) -> Left | None:
        try:
            return self.store.load() if self.store else None
        except OpsError as error:
            if self.connection.instance is None:
                raise
            self._is_read = False
            self.problems.append(f"What the last apply left cannot be read: {error.message}")
            return None

    def reason(self, change: Change) -> str:
        """Why somebody set this last, as far as that is noted."""
        about = [run for run in self.recorded if run.reason is not None and any(map(is_about(change), run.touched))]
        last = max(about, key=lambda run: run.started, default=None)
        return (last.reason or "") if last else ""

    @cached_property
    def recorded(self) -> list[Apply]:
        """What the stack recorded: applies, and switches by hand with their reasons."""
        try:
            return of_stack(self.connection.instance) if self.connection.instance else []
        except OpsError as error:
            self.problems.append(f"The record of applies cannot be read: {error.message}")
            return []

    def judge(self, plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> tuple[FlagPlan, Judged]:
        """The plan as it may be carried out, and what it leaves alone. Raises OpsError for unknown `take_back`."""
        for name in sorted(self.take_back):
            if name not in {**wanted.flags, **wanted.segments, **found.flags, **found.segments}:
                raise NotFoundError(
                    f"There is no flag or segment {name!r} to take back.", hint="Is its name spelt right?"
                )
        # By Flagsmith's clock, by which its log and its holds go.
        now, left = self.connection.client.now(), self.known(found)
        going = holds(found, now)
        for name in sorted(self.take_back & going.keys()):
            raise RefusedError(
                f"{name} is held until {going[name].until or 'somebody ends it'}, by its tag {going[name].tag}.",
                hint=f"ff flags release {quote(name)}",
            )
        known = _Known(self, left, plan, wanted, found)
        conflicts = tuple(
            conflict
            for conflict in (*in_use_elsewhere(plan, wanted, found), *known.conflicts())
            if conflict.name not in self.take_back and not (conflict.kind is ObjectKind.FLAG and conflict.name in going)
        )
        judged = Judged(now, conflicts, tuple(going.values()), back=tuple(put_back(found, now)))
        return judged.leave(plan, wanted, found), judged


class _Known:
    """What is known of the objects of one plan."""

    def __init__(self, hands: Hands, left: Left | None, plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> None:
        self._hands, self._left, self._wanted, self._found = hands, left, wanted, found
        self._changes = [item for item in plan.changes if item.kind in JUDGED and item.action is not Action.ADOPT]
        self._live = facts.of_server(found, wanted) if self._changes else {}

    def conflicts(self) -> Iterator[FlagConflict]:
        """Every change that would undo something, and what needs what is left alone."""
        made = [conflict for change in self._changes if (conflict := self._conflict(change)) is not None]
        yield from made
        missing = {
            item.name for item in made if item.kind is ObjectKind.SEGMENT and item.name not in self._found.segments
        }
        stopped = {(item.kind, item.name) for item in made}
        for change in self._changes:
            is_new = change.field[:1] == ("override",) and change.field[1] in missing
            is_whole = change.action is Action.CREATE and change.kind is ObjectKind.FLAG and not change.field
            flag = self._wanted.flags.get(change.name) if is_whole else None
            is_new = is_new or bool(
                flag and any(item.segment in missing for state in flag.states.values() for item in state.overrides)
            )
            if is_new and (change.kind, change.name) not in stopped:
                stopped.add((change.kind, change.name))
                yield FlagConflict(change.kind, change.name, change, Why.NEEDED)

    def _conflict(self, change: Change) -> FlagConflict | None:
        kind, name = owner(change, self._wanted)
        why = Why.CHANGED if is_unreadable(change, self._found) else self._why(change)
        if why is None:
            return None
        entry = self._entry(change) if why is not Why.UNKNOWN else None
        who, at, what = (entry.who, entry.at.isoformat(), entry.what) if entry else (None, None, "")
        return FlagConflict(kind, name, change, why, who, at, what, self._hands.reason(change))

    def _why(self, change: Change) -> Why | None:
        key: ObjectKey = (change.kind, change.name, change.environment)
        left, live = self._left, self._live.get(key)
        if left is not None and key in left.pending:
            return self._of_interrupted(change, left, live)
        if change.action is Action.ARCHIVE:
            return None  # it goes on being served as it is
        is_noted = facts.is_always_noted(change.field) or change.field in (left.objects.get(key, {}) if left else {})
        if left is not None and key in left.objects and is_noted:
            return (
                self._of_all(change, left)
                if change.action is Action.DELETE and not change.field
                else (compared(change, left.objects[key], live))
            )
        is_switch = self._is_switch(change) and not is_as_made(change, self._left, self._found.flags.get(change.name))
        is_ours = (is_switch or self._is_managed(change)) and not is_as_its_rollout_left_it(change, self._found)
        if live is None or not change.field or not is_ours:
            return None  # there is nothing of anybody's, or the catalogue names it for the first time
        entry = self._entry(change)
        recorded = self._hands.recorded
        if entry is None or not is_of_apply(entry, recorded):
            is_known = entry is not None and (
                bool(recorded)
                or is_by_hand(entry, recorded)
                or not is_same_actor(entry.actor, self._hands.connection.actor)
            )
            return Why.CHANGED if is_known else Why.UNKNOWN if is_switch else None
        return None

    def _is_managed(self, change: Change) -> bool:
        found = self._found.flags if change.kind is ObjectKind.FLAG else self._found.segments
        return change.name in found and found[change.name].is_managed

    def _of_all(self, change: Change, left: Left) -> Why | None:
        """Of something that goes altogether every part counts."""
        noted = {key: of for key, of in left.objects.items() if key[:2] == (change.kind, change.name)}
        is_same = all(facts.is_same(facts.HERE, of, self._live.get(key, {})) for key, of in noted.items())
        return None if is_same else Why.CHANGED

    def _of_interrupted(self, change: Change, left: Left, live: Facts | None) -> Why | None:
        """Of what a run was at when it was killed, nobody knows whether it was written; the audit log may know."""
        key: ObjectKey = (change.kind, change.name, change.environment)
        target, before = left.pending[key], left.objects.get(key)
        if live is None:
            return None if before is None else Why.DELETED
        if facts.is_same(change.field, target, live) or is_half_made(change, before, live):
            return None
        entry = self._entry(change)
        if entry is not None and left.run is not None and not is_as_its_rollout_left_it(change, self._found):
            if entry.at < left.run.began - SLACK:  # nobody was there since
                return None if before is None else compared(change, before, live)
            if not is_same_actor(entry.actor, left.run.actor) or is_by_hand(entry, self._hands.recorded):
                return Why.CHANGED
        if before is not None and not facts.is_same(change.field, before, live):
            return Why.CHANGED
        # It is as it was before that run: it did not come so far, or somebody took it back since.
        return Why.UNKNOWN if self._is_switch(change) or (before is not None and is_override(change)) else None

    def _is_switch(self, change: Change) -> bool:
        """Whether a change switches something that was touched since it was made."""
        flag = self._found.flags.get(change.name)
        state = flag.states.get(change.environment or "") if flag and change.kind is ObjectKind.FLAG else None
        if state is None:
            return False
        if change.field[:1] == ("override",):
            of = next((item for item in state.overrides if item.segment == change.field[1]), None)
            segment = self._found.segments.get(change.field[1])
            is_gone = change.action is Action.DELETE and not (segment and segment.feature)  # its rollout's are ff's own
            return of is not None and of.is_touched and (is_gone or change.field[-1] == facts.SWITCH)
        return change.field == (facts.SWITCH,) and state.is_touched

    def _entry(self, change: Change) -> LogEntry | None:
        return self._log.last(change.kind, change.name, change.environment) if self._log else None

    @cached_property
    def _log(self) -> AuditLog | None:
        wanted = {(str(item.kind), item.name, item.environment) for item in self._changes}
        try:
            log = audit_log(self._hands.connection, wanted)
        except OpsError as error:
            self._hands.problems.append(f"Who changed a flag cannot be told: {error.message}")
            return None
        if log is not None and log.back_to is not None:
            self._hands.problems.append(f"The audit log was read back to {log.back_to:%Y-%m-%d %H:%M} UTC, no further.")
        return log
