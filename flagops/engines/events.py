"""What an engine tells the progress table: the one vocabulary both engines speak."""

from dataclasses import dataclass
from enum import StrEnum


class ResourceState(StrEnum):
    """What is happening, or has happened, to one resource."""

    CREATING = "creating"
    CREATED = "created"
    UPDATING = "updating"
    UPDATED = "updated"
    REPLACING = "replacing"
    REPLACED = "replaced"
    DELETING = "deleting"
    DELETED = "deleted"
    WAITING = "waiting"
    UNCHANGED = "unchanged"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """Whether the resource will not change again in this run."""
        return self in _FINISHED

    @property
    def changed(self) -> bool:
        """Whether the resource was changed, successfully."""
        return self in _CHANGED


_CHANGED = frozenset({ResourceState.CREATED, ResourceState.UPDATED, ResourceState.REPLACED, ResourceState.DELETED})
_FINISHED = _CHANGED | {ResourceState.UNCHANGED, ResourceState.FAILED}


@dataclass(frozen=True)
class Event:
    """One step of one resource.

    `resource` is the name people know it by (`flagsmith-postgres`), `kind` its Kubernetes kind or Pulumi type
    (`StatefulSet`, `RandomPassword`); together they are its row in the table. `message` is one line for people,
    never a secret: why it waits (`2 of 3 replicas are ready`), or what failed.
    """

    resource: str
    kind: str
    state: ResourceState
    message: str = ""
