"""The pods of instances, as their kubelets see them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def is_to_run(pod: Mapping[str, Any]) -> bool:
    """Whether a node has it, and it is not on its way out."""
    return "deletionTimestamp" not in pod["metadata"] and bool(pod["spec"].get("nodeName"))


def ready(pod: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The status of a pod that runs and is ready, as its kubelet would write it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    kinds = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
    scheduled = [item for item in pod["status"].get("conditions", []) if item["type"] not in kinds]
    done = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}

    def containers(name: str, state: Mapping[str, Any], *, started: bool) -> list[dict[str, Any]]:
        common = {"imageID": "", "ready": True, "restartCount": 0, "started": started, "state": state}
        return [{"name": item["name"], "image": item["image"], **common} for item in pod["spec"].get(name, [])]

    return {
        "phase": "Running",
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [*scheduled, *({"type": kind, "status": "True", "lastTransitionTime": now} for kind in kinds)],
        "initContainerStatuses": containers("initContainers", {"terminated": done}, started=False),
        "containerStatuses": containers("containers", {"running": {"startedAt": now}}, started=True),
    }
