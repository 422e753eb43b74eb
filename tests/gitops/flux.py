"""Flux' status of an object, by its rules: those of kstatus, and Flux' own for Jobs.

Read in kubernetes-sigs/cli-utils (pkg/kstatus/status) and fluxcd/pkg (runtime/statusreaders/job.go), August 2026. A
Kustomization with `wait: true` waits until all that it applied is Current, also the last of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

Status = Literal["Current", "InProgress", "Failed", "Terminating"]
Manifest = Mapping[str, Any]


def status(live: Manifest) -> Status:
    """The status of an object of the cluster."""
    metadata, found = live["metadata"], live.get("status", {})
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    if "observedGeneration" in found and found["observedGeneration"] != metadata.get("generation"):
        return "InProgress"
    conditions = _conditions(live)
    if conditions.get("Reconciling") == "True":
        return "InProgress"
    if conditions.get("Stalled") == "True":
        return "Failed"
    rule = RULES.get((live["apiVersion"].rpartition("/")[0], live["kind"]))
    if rule is not None:
        return rule(live)
    return "Current" if conditions.get("Ready", "True") == "True" else "InProgress"


def _conditions(live: Manifest) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in live.get("status", {}).get("conditions", [])}


def _current(_: Manifest) -> Status:
    return "Current"


def _claim(live: Manifest) -> Status:
    return "Current" if live.get("status", {}).get("phase") == "Bound" else "InProgress"


def _service(live: Manifest) -> Status:
    needs_address = live["spec"].get("type") == "LoadBalancer"
    return "InProgress" if needs_address and not live["spec"].get("clusterIP") else "Current"


def _job(live: Manifest) -> Status:
    conditions = _conditions(live)
    if live["spec"].get("suspend") or conditions.get("Complete") == "True":
        return "Current"
    return "Failed" if conditions.get("Failed") == "True" else "InProgress"


def _deployment(live: Manifest) -> Status:
    found, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    reasons = {c["type"]: c.get("reason") for c in found.get("conditions", [])}
    if reasons.get("Progressing") == "ProgressDeadlineExceeded":
        return "Failed"
    total, updated = found.get("replicas", 0), found.get("updatedReplicas", 0)
    is_whole = total == wanted and updated >= wanted and found.get("readyReplicas", 0) >= wanted
    is_rolled_out = reasons.get("Progressing") == "NewReplicaSetAvailable"
    is_available = found.get("availableReplicas", 0) >= updated and _conditions(live).get("Available") == "True"
    return "Current" if is_whole and is_rolled_out and is_available else "InProgress"


def _stateful_set(live: Manifest) -> Status:
    found, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    is_whole = found.get("replicas", 0) == wanted and found.get("readyReplicas", 0) >= wanted
    is_rolled_out = found.get("currentRevision", "") == found.get("updateRevision", "")
    return "Current" if is_whole and is_rolled_out and found.get("currentReplicas", 0) >= wanted else "InProgress"


RULES: Final[Mapping[tuple[str, str], Callable[[Manifest], Status]]] = {
    ("", "ConfigMap"): _current,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Secret"): _current,
    ("", "Service"): _service,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "CronJob"): _current,
    ("batch", "Job"): _job,
    ("policy", "PodDisruptionBudget"): _current,
}
