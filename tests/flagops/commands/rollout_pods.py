"""What runs rollouts as it is in a cluster, and a stack that has it."""

from pathlib import Path
from typing import Any, cast

from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack
from tests.components.settings.support import VALID
from tests.flagops.commands.edges import Cluster, proxy


class Logged(Cluster):
    """A cluster whose pod of rollouts has said this."""

    def log(self, _namespace: str, pod: str, container: str, **_: object) -> str:  # noqa: ARG002 - as the other's
        return self.logs[pod]


def stack_of(*pods: Manifest, log: str = "", **section: object) -> Instance:
    """A deployed stack with these settings of rollouts, whose pods have all said `log`."""
    config = {f"feature-flags:{key}": value for key, value in {**VALID, "rollouts": section}.items()}
    stack = Stack("production", "feature-flags", config, {}, Path("Pulumi.production.yaml"))
    logs = {pod["metadata"]["name"]: log for pod in pods}
    return Instance(stack, stack.settings, "cluster", None, cast("Client", Logged(pods, logs)), cast("Any", None))


def pod(*, is_ready: bool = True) -> Manifest:
    """The pod that runs rollouts."""
    return proxy("flagsmith-rollouts-1", "a", is_ready=is_ready, component="rollouts")
