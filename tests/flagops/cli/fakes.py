"""What stands in for a stack, its cluster and its engine, so that the commands are tested without any of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flagops.engines.deployer import DeploymentPlan, DeploymentResult, PlannedChange
from flagops.engines.events import Event, ResourceState
from flagops.errors import OpsError
from flagops.stacks.files import Stack
from flagops.stacks.target import StackTarget

OUTPUTS: dict[str, object] = {
    "url": "https://flags.example.com",
    "namespace": "feature-flags",
    "adminEmail": "admin@flags.example.com",
    "adminPasswordCommand": "kubectl get secret flagsmith-admin",
    "secrets": {"admin": "flagsmith-admin"},
}


SETTINGS: dict[str, object] = {
    "context": "a-context",
    "host": "flags.example.com",
    "ingress": {"className": "traefik", "tls": {"from": "controller"}},
}


def target(name: str = "local", *, home: Path | None = None) -> StackTarget:
    """A stack that no file describes; with `home` it has the local cluster's kubeconfig there."""
    config = {f"feature-flags:{key}": value for key, value in SETTINGS.items()}
    stack = Stack(name=name, project="feature-flags", config=config, defaults={}, path=Path(f"Pulumi.{name}.yaml"))
    kubeconfig = home / "cluster" / "kubeconfig" if home else None
    return StackTarget(stack, context=f"{name}-context", kubeconfig=kubeconfig)


@dataclass
class FakeDeployer:
    """Records what it is asked for; `failure` is raised by whatever changes the cluster, `protected` by the check."""

    calls: list[str] = field(default_factory=list)
    failure: BaseException | None = None
    protected: OpsError | None = None
    on_event: Callable[[Event], None] | None = None

    def up(self) -> DeploymentResult:
        self._record("up")
        return DeploymentResult({"created": 1}, OUTPUTS, ("the host is only known to this machine",))

    def preview(self) -> DeploymentPlan:
        self._record("preview")
        change = PlannedChange("update", "Deployment", "flagsmith", ("spec.replicas: 3 → 4",))
        return DeploymentPlan((change,), unchanged=20)

    def check_down(self, *, unprotect: bool = False) -> None:
        self.calls.append("check_down")
        if self.protected and not unprotect:
            raise self.protected

    def down(self, *, unprotect: bool = False) -> DeploymentResult:
        self._record("down --unprotect" if unprotect else "down")
        return DeploymentResult({"deleted": 21})

    def _record(self, call: str) -> None:
        self.calls.append(call)
        if self.on_event:
            self.on_event(Event("flagsmith", "Deployment", ResourceState.CREATED))
        if self.failure:
            raise self.failure
