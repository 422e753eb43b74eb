"""What a run of the engine hands back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flagops.evaluation.advisory import Advisory
from flagops.kubernetes.objects import Ref


@dataclass(frozen=True)
class DirectResult:
    """How a run ended: what became of each object, the stack's outputs (secret ones masked) and the time it took."""

    created: tuple[Ref, ...] = ()
    updated: tuple[Ref, ...] = ()
    replaced: tuple[Ref, ...] = ()
    deleted: tuple[Ref, ...] = ()
    unchanged: tuple[Ref, ...] = ()
    outputs: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether anything in the cluster was changed."""
        return bool(self.created or self.updated or self.replaced or self.deleted)


class Operation(StrEnum):
    """What `up` would do to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class FieldChange:
    """One field: its path (`spec.replicas`), and what it is and would be, for people; None means absent."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class ObjectChange:
    """What `up` would do to one object, and the fields it would change. `note` is a remark for people."""

    action: Operation
    ref: Ref
    fields: tuple[FieldChange, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Preview:
    """What `up` would do, in its order; the outputs are masked."""

    changes: tuple[ObjectChange, ...]
    outputs: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether `up` would change anything."""
        return any(change.action is not Operation.UNCHANGED for change in self.changes)
