"""The pods of instances, as their kubelets see them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

AT_REST: Final = ("ContainersReady", "Ready")


def is_to_run(pod: Mapping[str, Any]) -> bool:
    """Whether a node has it, and it is not on its way out."""
    return "deletionTimestamp" not in pod["metadata"] and bool(pod["spec"].get("nodeName"))


def running(pod: Mapping[str, Any], address: str, *, is_ready: bool) -> dict[str, Any]:
    """The status of a pod that runs, as its kubelet would write it; it is ready while PostgreSQL answers."""
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
        "conditions": [
            *scheduled,
            *(
                {"type": kind, "status": str(is_ready or kind not in AT_REST), "lastTransitionTime": now}
                for kind in kinds
            ),
        ],
        "initContainerStatuses": containers("initContainers", {"terminated": done}, started=False),
        "containerStatuses": containers("containers", {"running": {"startedAt": now}}, started=True),
    }


def pod_path(pod: Mapping[str, Any]) -> str:
    """Where the API has it."""
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
