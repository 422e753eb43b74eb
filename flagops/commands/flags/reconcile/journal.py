"""Notes what an apply leaves, while it is at work: one that is killed is not taken for somebody else by the next."""

import time
from collections.abc import Iterable, Mapping

from flagops.commands.flags.history.left import Facts, Left, NoteStore, ObjectKey, environments_of
from flagops.commands.flags.reconcile import facts
from flagops.commands.flags.reconcile.apply import Reviewed
from flagops.commands.flags.reconcile.apply.definitions import is_removed_variation
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.judged import JUDGED, owner
from flagops.commands.flags.spec import ProjectSpec
from flagops.console import progress
from flagops.errors import OpsError
from flagops.flagsmith_api.deployed import Environment

EVERY = 1.0  # seconds


class Journal:
    """The notes of one apply: before it begins what it is about to write, then what it has written."""

    def __init__(self, hands: Hands, reviewed: Reviewed) -> None:
        self._store: NoteStore | None = hands.store
        self._before = hands.left
        self._last = 0.0
        wanted, changes = reviewed.wanted, reviewed.plan.changes
        declared, stopped = facts.of_catalogue(wanted), reviewed.alone.stopped
        self._target = {key: of for key, of in declared.items() if _owner(key, wanted) not in stopped}
        there: Mapping[ObjectKey, Facts] = self._before.objects if self._before else {}
        waiting: Mapping[ObjectKey, Facts] = self._before.pending if self._before else {}
        self._kept = {key: of for key, of in there.items() if _is_kept(key, declared, self._target, wanted)}
        self._waiting = {key: of for key, of in waiting.items() if _is_kept(key, declared, self._target, wanted)}
        changed = {_key(change) for change in changes if change.kind in JUDGED}
        self._pending = {key: of for key, of in self._target.items() if key in changed}
        done = {key: of for key, of in self._target.items() if key not in changed}
        self._objects: dict[ObjectKey, Facts] = {**there, **self._kept, **done}
        self._late = {_key(change) for change in changes if is_removed_variation(change)}
        self._environments = environments_of(reviewed.found.environments.values())
        self._project = reviewed.connection.project

    def begin(self) -> None:
        """Note what the apply is about to write."""
        self._save(self._now())

    def step(self, change: Change) -> None:
        """Note what was written, not more than once a second; the object of a change is written as a whole."""
        key = _key(change)
        if key in self._pending and (key not in self._late or is_removed_variation(change)):
            self._objects[key] = self._pending.pop(key)
            if time.monotonic() - self._last > EVERY:
                self._save(self._now())

    def end(self, environments: Iterable[Environment], *, is_whole: bool) -> None:
        """Note what was left, in the environments that there are now."""
        self._environments = environments_of(environments)
        if is_whole:
            self._save(Left(self._project, self._environments, {**self._kept, **self._target}, self._waiting))
        else:
            self._save(self._now())

    def _now(self) -> Left:
        return Left(self._project, self._environments, self._objects, {**self._waiting, **self._pending})

    def _save(self, left: Left) -> None:
        if self._store is None or left == self._before:
            return
        try:
            self._store.save(left)
        except (OpsError, OSError) as error:
            why = error.message if isinstance(error, OpsError) else str(error)
            progress().print(
                f"What this apply leaves cannot be noted, so that the next may take it for somebody's change: {why}",
                style="yellow",
                markup=False,
            )
            self._store = None
            return
        self._before, self._last = left, time.monotonic()


def _key(change: Change) -> ObjectKey:
    return change.kind, change.name, change.environment


def _owner(key: ObjectKey, wanted: ProjectSpec) -> tuple[ObjectKind, str]:
    return owner(Change(Action.UPDATE, ObjectKind(key[0]), key[1]), wanted)


def _is_kept(
    key: ObjectKey, declared: Mapping[ObjectKey, Facts], target: Mapping[ObjectKey, Facts], wanted: ProjectSpec
) -> bool:
    """Whether what was noted of an object stays: it is left alone, or in an environment that is not looked at.

    An apply of some environments leaves alone whatever is not its target, such as the segments of another one's
    rollouts, and flags that wait for their deletion.
    """
    is_elsewhere = key[2] is not None and key[2] not in wanted.environments
    return is_elsewhere or (key not in target and (wanted.whole is not None or key in declared))
