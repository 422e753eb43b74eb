"""The direct engine as the commands see it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flagops.engines.deployer import DeploymentPlan, DeploymentResult, PlannedChange
from flagops.engines.direct.api import DirectEngine
from flagops.engines.events import Event
from flagops.engines.own_cluster import StackCluster
from flagops.errors import NotDeployedError
from flagops.evaluation.policy_review import refuse_violations
from flagops.stacks.files import Stack

if TYPE_CHECKING:
    from flagops.engines.direct.results import DirectResult, ObjectChange
    from flagops.evaluation.advisory import Advisory
    from flagops.evaluation.program import Program


class DirectDeployer:
    """Deploys `stack` to `context` without the Pulumi CLI; `kubeconfig` None means the user's own.

    A program that breaks a mandatory rule of the policy is refused before anything is changed.
    """

    def __init__(
        self, root: Path, stack: Stack, kubeconfig: Path | None, context: str, on_event: Callable[[Event], None]
    ) -> None:
        self._root, self._stack = root, stack
        self._kubeconfig, self._context = kubeconfig, context
        self._on_event = on_event

    def has_made_stack(self) -> bool:
        """Whether this engine's record of the stack is in the cluster."""
        return self._engine.has_made_stack()

    def up(self) -> DeploymentResult:
        """Bring the cluster to what the program wants."""
        self._require_own()
        outcome = _outcome(self._engine.up())
        self._cluster.require_deployed()
        # The record of this engine is in the cluster: in another, it is not missed.
        return replace(outcome, warnings=(*outcome.warnings, *self._cluster.unnamed(), *self._cluster.without_issuer()))

    def preview(self) -> DeploymentPlan:
        """What `up` would do; changes nothing."""
        self._require_own()
        plan = self._engine.preview()
        changes = tuple(_planned(change) for change in plan.changes if change.action != "unchanged")
        unchanged = len(plan.changes) - len(changes)
        warnings = (*plan.warnings, *self._cluster.without_issuer())
        return DeploymentPlan(changes, unchanged, warnings, plan.advisories)

    def check_down(self, *, unprotect: bool = False) -> None:
        """Refuse when there is no such stack, or anything is protected, before anybody is asked for a confirmation."""
        self._require_cluster()
        self._cluster.require_same_namespace(self._engine.namespaces())
        if not self._engine.has_made_stack():
            raise NotDeployedError(
                f"There is nothing to remove: the cluster of context {self._context!r} has no record of a stack "
                f"{self._stack.name!r} that the direct engine made.",
                hint="Is it the right cluster? What the Pulumi CLI made is removed with `--engine cli`.",
            )
        self._engine.check_down(unprotect=unprotect)

    def down(self, *, unprotect: bool = False) -> DeploymentResult:
        """Remove all that `up` made."""
        self.check_down(unprotect=unprotect)
        return _outcome(self._engine.down(unprotect=unprotect))

    def _require_own(self) -> None:
        """Refuse a namespace that another stack has, for a stack without a record."""
        self._require_cluster()
        self._cluster.require_same_namespace(self._engine.namespaces())
        if not self._engine.has_made_stack():
            self._cluster.require_own_namespace()

    def _require_cluster(self) -> None:
        # The engine's own record is in the cluster, so that the settings alone can tell that it is the wrong one.
        self._cluster.require({}, hint="")

    @property
    def _cluster(self) -> StackCluster:
        return StackCluster(self._stack, self._kubeconfig, self._context)

    @cached_property
    def _engine(self) -> "DirectEngine":
        return DirectEngine(
            self._root, self._stack, self._kubeconfig, self._context, self._on_event, review=self._review
        )

    def _review(self, program: "Program") -> tuple["Advisory", ...]:
        stack = self._stack
        return refuse_violations(program, production=stack.settings.production, harmless=stack.harmless)


def _outcome(result: "DirectResult") -> DeploymentResult:
    found = {
        "created": result.created,
        "updated": result.updated,
        "replaced": result.replaced,
        "deleted": result.deleted,
        "unchanged": result.unchanged,
    }
    counts = {name: len(refs) for name, refs in found.items() if refs}
    return DeploymentResult(counts, result.outputs, result.warnings, result.advisories)


def _planned(change: "ObjectChange") -> PlannedChange:
    fields = tuple(f"{field.path}: {_shown(field.old)} → {_shown(field.new)}" for field in change.fields)
    return PlannedChange(change.action, change.ref.kind, change.ref.name, fields, change.note)


def _shown(value: str | None) -> str:
    return "(absent)" if value is None else value
