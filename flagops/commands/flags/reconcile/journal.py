"""Notes what an apply leaves, while it is at work: one that is killed is not taken for somebody else by the next.

Nothing is written to Flagsmith that is not noted before as what the apply is at: some objects at a time, so that of a
run that was killed few are in doubt. Where it cannot be noted, the apply stops.
"""

import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from threading import Lock

from flagops.commands.flags.history.last_run import last_run, stopped_writing_tags
from flagops.commands.flags.history.left import Facts, Left, NotedRun, ObjectKey, environments_of
from flagops.commands.flags.history.notes import NoteStore
from flagops.commands.flags.reconcile import facts
from flagops.commands.flags.reconcile.apply import Reviewed
from flagops.commands.flags.reconcile.apply.definitions import is_removed_variation
from flagops.commands.flags.reconcile.apply.mark import end_mark, mark
from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, ObjectKind
from flagops.commands.flags.reconcile.holds import loose
from flagops.commands.flags.reconcile.judged import JUDGED, Owner, owner
from flagops.console import progress
from flagops.errors import ConflictError, OpsError, RefusedError
from flagops.flagsmith_api.deployed import Environment

EVERY = 1.0  # seconds
AT_A_TIME = 8
"""Objects that are noted before they are written: what four threads do in a second or two."""
NOTE_BYTES = 6
"""Of a run's number."""


class Journal:
    """The notes of one apply: what it is at, then what it has written."""

    def __init__(self, reviewed: Reviewed) -> None:
        self._reviewed = reviewed
        self._store: NoteStore | None = reviewed.hands.store
        left = reviewed.hands.known(reviewed.found)
        self._saved = left
        self._last, self._lock = 0.0, Lock()
        wanted, changes = reviewed.wanted, reviewed.plan.changes
        declared, alone = facts.of_catalogue(wanted), reviewed.alone.stopped
        self._target = {key: of for key, of in declared.items() if self._owner(key) not in alone}
        self._there: Mapping[ObjectKey, Facts] = left.objects if left else {}
        waiting: Mapping[ObjectKey, Facts] = left.pending if left else {}
        staying = _staying(reviewed)

        def is_kept(key: ObjectKey) -> bool:
            """Whether what was noted of it stays: it is left alone, or in an environment that is not looked at.

            So is what is not in the catalogue any more while it is there, archived, or waits for its deletion; and
            what an apply of some environments is not about, such as the segments of another one's rollouts.
            """
            is_elsewhere = key[2] is not None and key[2] not in wanted.environments
            is_there = wanted.whole is not None or key in declared or key[:2] in staying
            return is_elsewhere or (key not in self._target and is_there)

        self._kept = {key: of for key, of in self._there.items() if is_kept(key)}
        self._waiting = {key: of for key, of in waiting.items() if is_kept(key)}
        changed = [_key(change) for change in changes if change.kind in JUDGED]
        # Definitions come before what is said of them in environments.
        self._todo = {key: self._target[key] for key in sorted(changed, key=_is_in_place) if key in self._target}
        self._at: dict[ObjectKey, Facts] = {}
        self._begun: set[ObjectKey] = set()
        done = {key: of for key, of in self._target.items() if key not in self._todo}
        self._objects: dict[ObjectKey, Facts] = {**self._there, **self._kept, **done}
        self._late = {_key(change) for change in changes if is_removed_variation(change)}
        self._environments = environments_of(reviewed.found.environments.values())
        self._run = left.run if left else None

    def begin(self) -> Reviewed:
        """Note that the apply begins; what was reviewed, with `ff`'s tag. Raises OpsError where it may not begin."""
        connection, found = self._reviewed.connection, self._reviewed.found
        last, now = last_run(found), connection.client.now()
        if not self._reviewed.plan.changes:
            if last is not None and (self._run is None or self._run.id != last):
                self._run = NotedRun(last, last, now, connection.actor)
            self._try()
            if last is not None and stopped_writing_tags(found) and not loose(found, now):
                end_mark(connection, last)
            return self._reviewed
        number = secrets.token_hex(NOTE_BYTES)
        self._run = NotedRun(number, last, now, connection.actor)
        with self._lock:
            self._save()
        writes_tags = self._reviewed.plan.writes_tags or stopped_writing_tags(found)
        tags = mark(connection, found, number, writes_tags=writes_tags)
        self._run = replace(self._run, previous=number)
        found = replace(found, tags=tags)
        return replace(self._reviewed, found=found, number=number if writes_tags else None)

    def at(self, changes: Iterable[Change]) -> None:
        """Note what is written next, before it is. Raises OpsError where that cannot be noted."""
        with self._lock:
            keys = [key for change in changes if (key := _key(change)) in self._todo or key in self._at]
            self._begun.update(keys)
            new = [key for key in keys if key in self._todo]
            if new:
                more = [key for key in self._todo if key not in new][: max(AT_A_TIME - len(new), 0)]
                at, todo = self._at, self._todo
                noted = dict.fromkeys((*new, *more))
                self._at = {**at, **{key: todo[key] for key in noted}}
                self._todo = {key: of for key, of in todo.items() if key not in noted}
                try:
                    self._save()
                except OpsError:
                    self._at, self._todo = at, todo  # nobody else may take it for noted
                    raise

    def refused(self, changes: Iterable[Change]) -> None:
        """Note that the server refused them: they are as they were."""
        with self._lock:
            self._begun.difference_update(map(_key, changes))

    def step(self, change: Change) -> None:
        """Note what was written, not more than once a second; the object of a change is written as a whole."""
        key = _key(change)
        with self._lock:
            if key in self._at and (key not in self._late or is_removed_variation(change)):
                self._objects[key] = self._at.pop(key)
                if time.monotonic() - self._last > EVERY:
                    self._save()
            elif change.action is Action.ARCHIVE and key in self._kept:
                self._objects[key] = self._kept[key] = {**self._kept[key], facts.ARCHIVED: True}

    def end(
        self, environments: Iterable[Environment], *, is_whole: bool, stopped: Collection[FlagConflict] = ()
    ) -> None:
        """Note what was left, in the environments that there are now; what was `stopped` in between is as it was."""
        self._environments = environments_of(environments)
        with self._lock:
            if is_whole:
                owners = {(item.kind, item.name) for item in stopped}
                as_noted = {key: of for key, of in self._objects.items() if key in self._target}
                written = {key: of for key, of in self._target.items() if self._owner(key) not in owners}
                left = {key: of for key, of in self._there.items() if self._owner(key) in owners}
                self._objects, self._at = {**left, **self._kept, **as_noted, **written}, {}
            else:  # what was never begun is as it was
                self._at = {key: of for key, of in self._at.items() if key in self._begun}
        self._try()

    def _owner(self, key: ObjectKey) -> Owner:
        return owner(Change(Action.UPDATE, ObjectKind(key[0]), key[1]), self._reviewed.wanted)

    def _try(self) -> None:
        try:
            with self._lock:
                self._save()
        except OpsError as error:
            progress().print(f"{error.message} The next apply can tell less.", style="yellow", markup=False)

    def _save(self) -> None:
        pending = {**self._waiting, **self._at}
        left = Left(self._reviewed.connection.project, self._environments, dict(self._objects), pending, self._run)
        if self._store is None or left == self._saved:
            return
        try:
            self._store.save(left)
        except ConflictError:
            raise
        except (OpsError, OSError) as error:
            why = error.message if isinstance(error, OpsError) else str(error)
            raise RefusedError(
                f"What this apply leaves cannot be noted: {why}",
                hint="Without that, the next apply could undo somebody's switch: so this one writes nothing more. Make "
                "room or give the right to write there, or name another file with --notes.",
            ) from None
        self._saved, self._last = left, time.monotonic()


def _key(change: Change) -> ObjectKey:
    return change.kind, change.name, change.environment


def _is_in_place(key: ObjectKey) -> bool:
    return key[2] is not None


def _staying(reviewed: Reviewed) -> set[tuple[str, str]]:
    """The flags and segments that are there, and that the plan does not delete."""
    there: set[tuple[str, str]] = {
        *((ObjectKind.FLAG, name) for name in reviewed.found.flags),
        *((ObjectKind.SEGMENT, name) for name in reviewed.found.segments),
    }
    changes = reviewed.plan.changes
    return there - {(item.kind, item.name) for item in changes if item.action is Action.DELETE and not item.field}
