"""The changes of a plan: each one step of one object, in words that two plans can be compared by."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What is done. Adopting marks as `ff`'s own what is as the catalogue wants it already: it changes no flag."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ARCHIVE = "archive"
    ADOPT = "adopt"


class ObjectKind(StrEnum):
    """What it is done to, in the order in which it is done."""

    PROJECT = "project"
    ENVIRONMENT = "environment"
    SEGMENT = "segment"
    FLAG = "flag"
    GROUP = "group"
    RIGHTS = "rights of"
    HOLD = "hold of"


@dataclass(frozen=True)
class Change:
    """One step.

    Attributes:
        action: What is done.
        kind: The kind of the object.
        name: The object's name.
        environment: The environment, for what a flag is in one.
        field: Which part of it; empty for all of it.
        before: What it was, as JSON.
        after: What it will be, as JSON.
    """

    action: Action
    kind: ObjectKind
    name: str
    environment: str | None = None
    field: tuple[str, ...] = ()
    before: Any = None
    after: Any = None

    @property
    def place(self) -> tuple[str | None, ...]:
        """Where it happens."""
        return (self.kind, self.name, self.environment, *self.field)

    def wider(self) -> Iterator[tuple[str | None, ...]]:
        """The places that this one is a part of."""
        for length in range(len(self.field)):
            yield (self.kind, self.name, self.environment, *self.field[:length])
        if self.environment is not None:
            yield (self.kind, self.name, None)


class Why(StrEnum):
    """Why a flag or segment is left as it is."""

    CHANGED = "changed"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    NEEDED = "needed"
    MEANWHILE = "meanwhile"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class FlagConflict:
    """A change that is not made: somebody else had their hand on it, or nobody can tell.

    Attributes:
        kind: The kind of the object that is left as it is.
        name: Its name.
        change: What apply would have changed; of a flag's own segment too.
        why: What stands against it.
        who: Who changed it, in words; None where nothing says so.
        at: When, in Flagsmith's time, as ISO 8601; None likewise.
        said: What the audit log says of it; of what changed while an apply was at work, what it is now; of what is used
            in an environment that the catalogue does not name, how.
        reason: Why, where it was done with `ff flags set` and the stack noted it.
    """

    kind: ObjectKind
    name: str
    change: Change
    why: Why
    who: str | None = None
    at: str | None = None
    said: str = ""
    reason: str = ""


@dataclass(frozen=True)
class FlagHold:
    """A flag that is held: no apply changes it until that ends.

    Attributes:
        name: The flag.
        tag: The tag that holds it.
        until: When it ends, as ISO 8601; None for a tag whose end cannot be read.
        reason: What whoever holds it wrote.
        waiting: How many changes wait for it.
    """

    name: str
    tag: str
    until: str | None
    reason: str = ""
    waiting: int = 0


@dataclass(frozen=True)
class Counts:
    """How much is done, of the project or of one environment."""

    create: int = 0
    update: int = 0
    delete: int = 0
    archive: int = 0
    adopt: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class FlagPlan:
    """What has to be done, and what is left alone.

    Attributes:
        changes: In their order.
        unmanaged: What people made and the catalogue does not mention, in words.
        totals: How many objects there are, by environment; the project's own segments and flags under None.
        waiting: What cannot be done yet, or was not looked at, in words.
        requests: How many requests reading took.
        affected: Users whom no catalogue names: those that a segment draws anew, single ones of a deleted flag.
        conflicts: What is not done, since it would undo what somebody else did.
        holds: The flags that are held, and so left as they are.
        people: The switches that the catalogue leaves to people, in words.
    """

    changes: tuple[Change, ...]
    unmanaged: tuple[str, ...]
    totals: Mapping[str | None, int]
    waiting: tuple[str, ...] = ()
    requests: int = 0
    affected: tuple[str, ...] = ()
    conflicts: tuple[FlagConflict, ...] = ()
    holds: tuple[FlagHold, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether anything is done beside adopting."""
        return any(change.action is not Action.ADOPT for change in self.changes)

    @property
    def retagged(self) -> dict[str, Change]:
        """The flags that there were and whose tags, all of them, may be written; with a change of each. One that is
        adopted gets a tag."""
        of_flags = (item for item in self.changes if item.kind is ObjectKind.FLAG and item.environment is None)
        return {item.name: item for item in of_flags if item.action in (Action.UPDATE, Action.ADOPT)}

    @property
    def writes_tags(self) -> bool:
        """Whether tags of flags that there were may be written."""
        return bool(self.retagged) or any(item.kind is ObjectKind.HOLD for item in self.changes)

    def of(self, kind: ObjectKind) -> dict[str, list[Change]]:
        """The changes of a kind of object, by the object's name."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.kind is kind:
                found.setdefault(change.name, []).append(change)
        return found

    def without(self, environments: Collection[str]) -> "FlagPlan":
        """The plan without what happens in these."""
        return replace(self, changes=tuple(item for item in self.changes if item.environment not in environments))

    def counts(self) -> dict[str | None, Counts]:
        """How many objects are created, updated, ... in each environment; the project's own under None."""
        return {place: self._count(place, total) for place, total in self.totals.items()}

    def _count(self, place: str | None, total: int) -> Counts:
        objects: dict[tuple[ObjectKind, str], set[Action]] = {}
        for change in self.changes:
            if change.environment == place:
                is_whole = not change.field or change.kind is ObjectKind.RIGHTS
                whole = change.action if is_whole else Action.UPDATE
                objects.setdefault((change.kind, change.name), set()).add(whole)
        # Of several steps of one object the one that says most counts.
        ranked = Counter(next(action for action in _RANK if action in found) for found in objects.values())
        numbers = {str(action): ranked[action] for action in Action}
        changed = sum(number for name, number in numbers.items() if name != Action.DELETE)
        return Counts(**numbers, unchanged=max(total - changed, 0))


_RANK = (Action.CREATE, Action.DELETE, Action.ARCHIVE, Action.UPDATE, Action.ADOPT)


def not_in(changes: Iterable[Change], reviewed: Iterable[Change]) -> list[Change]:
    """Those changes that a reviewed plan has not: none, where a part of it was done since, and nothing else happened.

    What an interrupted run made is completed field by field, which its creation in the reviewed plan covers. What is
    not `ff`'s yet, and so has to be adopted, was made by somebody else: no creation covers it.
    """
    known, now = list(reviewed), list(changes)
    exact = {(change.place, _key(change.before), _key(change.after)) for change in known}
    foreign = {(change.kind, change.name) for change in now if change.action is Action.ADOPT}
    created = {
        change.place for change in known if change.action is Action.CREATE and (change.kind, change.name) not in foreign
    }
    found = []
    for change in now:
        is_covered = change.action is not Action.DELETE and any(
            place in created for place in (change.place, *change.wider())
        )
        if not is_covered and (change.place, _key(change.before), _key(change.after)) not in exact:
            found.append(change)
    return found


def _key(value: object) -> str:
    return repr(value)
