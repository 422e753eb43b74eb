"""Proxies of the edge as they are in a cluster, and a stack that has them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from components.kit import names
from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack
from tests.components.settings.support import VALID
from tests.flagops.commands.test_way_in import Objects


class Cluster(Objects):
    """A cluster with these objects, and the logs of its pods by their names."""

    def __init__(self, objects: Sequence[Manifest], logs: Mapping[str, str]) -> None:
        super().__init__(objects)
        self.logs = logs

    def list(self, _api_version: str, kind: str, _namespace: str, **selectors: str) -> list[Manifest]:
        wanted = dict(part.split("=") for part in selectors.get("labelSelector", "").split(",") if part)
        found = super().list(_api_version, kind, _namespace)
        return [item for item in found if wanted.items() <= item["metadata"].get("labels", {}).items()]

    def log(self, _namespace: str, pod: str, container: str, **_: object) -> str:
        assert container == "edge-proxy"
        return self.logs[pod]


def proxy(name: str, node: str, *, is_ready: bool = True, is_running: bool = True, component: str = "edge") -> Manifest:
    """The pod of a proxy; one that is not ready has no documents."""
    state = {"running": {}} if is_running else {"waiting": {"reason": "CrashLoopBackOff"}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": names.selector(component),
            "creationTimestamp": f"2026-11-28T08:00:0{name[-1]}Z" if name[-1].isdigit() else "2026-11-28T08:00:00Z",
        },
        "spec": {"nodeName": node, "containers": [{"name": "edge-proxy"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(is_ready)}],
            "containerStatuses": [{"name": "edge-proxy", "restartCount": 0, "state": state}],
        },
    }


def node(name: str, *, is_ready: bool = True, **spec: Any) -> Manifest:
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": str(is_ready)}]},
    }


def stack_with(
    *objects: Manifest,
    edge: Mapping[str, object] | None = None,
    logs: Mapping[str, str] | None = None,
    role: str = "platform",
) -> Instance:
    """A deployed stack with an edge, or with these settings of it, on a cluster with these objects."""
    section = {"enabled": True} if edge is None else edge
    config = {f"feature-flags:{key}": value for key, value in {**VALID, "edge": section, "role": role}.items()}
    stack = Stack("production", "feature-flags", config, {}, Path("Pulumi.production.yaml"))
    client = cast("Client", Cluster(objects, logs or {}))
    return Instance(stack, stack.settings, "cluster", None, client, cast("Any", None))
