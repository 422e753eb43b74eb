"""What both engines can do with a stack, in one vocabulary: the commands know nothing else of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from flagops.evaluation.advisory import Advisory


class EngineName(StrEnum):
    """The two engines: the Pulumi CLI, and the one that needs no CLI."""

    CLI = "cli"
    DIRECT = "direct"

    @property
    def label(self) -> str:
        """How messages call it."""
        return "the Pulumi CLI" if self is EngineName.CLI else "the direct engine"


@dataclass(frozen=True)
class PlannedChange:
    """What `up` would do to one resource. `fields` are lines for people, secrets masked; `note` is a remark."""

    action: str
    kind: str
    name: str
    fields: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class DeploymentPlan:
    """What `up` would do, in its order; resources that stay as they are are only counted."""

    changes: tuple[PlannedChange, ...] = ()
    unchanged: int = 0
    warnings: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()


@dataclass(frozen=True)
class DeploymentResult:
    """How a run ended: how many resources were `created`, `updated`, ...; the stack's outputs, secret ones masked."""

    counts: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()


class Deployer(Protocol):
    """One stack, and the engine that deploys it. Everything raises OpsError when it cannot go on."""

    def up(self) -> DeploymentResult:
        """Bring the cluster to what the program wants."""
        ...

    def preview(self) -> DeploymentPlan:
        """What `up` would do; changes nothing."""
        ...

    def check_down(self, *, unprotect: bool = False) -> None:
        """Raise, before anything is touched, when the stack cannot be removed.

        Since it is not there, or holds protected resources, which the error lists; with `unprotect` these may go.
        """
        ...

    def down(self, *, unprotect: bool = False) -> DeploymentResult:
        """Remove all that `up` made; what is protected only with `unprotect`."""
        ...
