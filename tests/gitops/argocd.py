"""Argo CD's health of an object, by its rules (3.6: gitops-engine/pkg/health and resource_customizations/*/health.lua).

Only the kinds that a stack renders, and those that it may get, are here; the others have no health and hold up nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

Health = Literal["Healthy", "Suspended", "Progressing", "Degraded", "Unknown"]
Manifest = Mapping[str, Any]
# The conditions by which an autoscaler counts as degraded (health_hpa.go).
DEGRADED_AUTOSCALER: Final = {
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
    ("ScalingActive", "InvalidSelector"),
}


def health(live: Manifest) -> Health | None:
    """The health of an object of the cluster; None for a kind without any."""
    if live["metadata"].get("deletionTimestamp"):
        return "Progressing"
    group = live["apiVersion"].rpartition("/")[0]
    rule = RULES.get((group, live["kind"]))
    return None if rule is None else rule(live)


def _conditions(live: Manifest) -> list[Mapping[str, Any]]:
    return list(live.get("status", {}).get("conditions", []))


def _claim(live: Manifest) -> Health:
    phases: dict[str, Health] = {"Lost": "Degraded", "Pending": "Progressing", "Bound": "Healthy"}
    return phases.get(live.get("status", {}).get("phase", ""), "Unknown")


def _ingress(live: Manifest) -> Health:
    return "Healthy" if live.get("status", {}).get("loadBalancer", {}).get("ingress") else "Progressing"


def _service(live: Manifest) -> Health:
    return "Healthy" if live["spec"].get("type") != "LoadBalancer" else _ingress(live)


def _job(live: Manifest) -> Health:
    types = {condition["type"]: condition["status"] for condition in _conditions(live)}
    if types.keys().isdisjoint({"Failed", "Complete", "Suspended"}):
        return "Progressing"
    if "Failed" in types:
        return "Degraded"
    return "Suspended" if types.get("Suspended") == "True" else "Healthy"


def _deployment(live: Manifest) -> Health:
    status, wanted = live.get("status", {}), live["spec"].get("replicas")
    if live["spec"].get("paused"):
        return "Suspended"
    if live["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return "Progressing"
    if any(c["type"] == "Progressing" and c["reason"] == "ProgressDeadlineExceeded" for c in _conditions(live)):
        return "Degraded"
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    is_short = (wanted is not None and updated < wanted) or status.get("availableReplicas", 0) < updated
    return "Progressing" if is_short or total > updated else "Healthy"


def _stateful_set(live: Manifest) -> Health:
    status, wanted = live.get("status", {}), live["spec"].get("replicas")
    observed = status.get("observedGeneration", 0)
    if observed == 0 or live["metadata"].get("generation", 0) > observed:
        return "Progressing"
    if wanted is not None and status.get("readyReplicas", 0) < wanted:
        return "Progressing"
    return "Healthy" if status.get("updateRevision") == status.get("currentRevision") else "Progressing"


def _autoscaler(live: Manifest) -> Health:
    conditions = _conditions(live)
    if any((c["type"], c["reason"]) in DEGRADED_AUTOSCALER for c in conditions):
        return "Degraded"
    is_able = any(c["type"] in ("AbleToScale", "ScalingLimited") and c["status"] == "True" for c in conditions)
    return "Healthy" if is_able else "Progressing"


def _cron_job(live: Manifest) -> Health:
    if live["spec"].get("suspend"):
        return "Healthy"
    status = live.get("status")
    if status is None:
        return "Progressing"
    scheduled, succeeded = status.get("lastScheduleTime"), status.get("lastSuccessfulTime")
    if scheduled is None or succeeded is None or status.get("active"):
        return "Healthy"
    return "Degraded" if succeeded < scheduled else "Healthy"


def _disruption_budget(live: Manifest) -> Health:
    conditions = _conditions(live)
    if any(c["status"] == "False" and c["reason"] != "InsufficientPods" for c in conditions):
        return "Degraded"
    return "Healthy" if conditions else "Progressing"


def _external_secret(live: Manifest) -> Health:
    ready = next((c["status"] for c in _conditions(live) if c["type"] == "Ready"), "Unknown")
    states: dict[str, Health] = {"True": "Healthy", "False": "Degraded"}
    return states.get(ready, "Progressing")


def _gateway(live: Manifest) -> Health:
    """Its own conditions, then those of its listeners; nothing of it looks at a generation."""
    status = live.get("status", {})
    listeners = [listener["conditions"] for listener in status.get("listeners", [])]
    for said in (_conditions(live), *listeners):
        if _is_refused(said):
            return "Degraded"
        if any(c["type"] == "Programmed" and c["status"] != "True" for c in said):
            return "Progressing"
    return "Healthy" if "conditions" in status or listeners else "Progressing"


def _http_route(live: Manifest) -> Health:
    """What was said of an older generation counts for nothing."""
    parents = [parent["conditions"] for parent in live.get("status", {}).get("parents", [])]
    generation = live["metadata"].get("generation")
    current = [
        said for said in parents if said and all(c.get("observedGeneration", generation) == generation for c in said)
    ]
    if any(map(_is_refused, current)):
        return "Degraded"
    return "Healthy" if current else "Progressing"


def _is_refused(said: list[dict[str, Any]]) -> bool:
    return any(c["type"] in ("Accepted", "ResolvedRefs") and c["status"] == "False" for c in said)


RULES: Final[Mapping[tuple[str, str], Callable[[Manifest], Health]]] = {
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): _service,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "CronJob"): _cron_job,
    ("batch", "Job"): _job,
    ("external-secrets.io", "ExternalSecret"): _external_secret,
    ("gateway.networking.k8s.io", "Gateway"): _gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): _http_route,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("policy", "PodDisruptionBudget"): _disruption_budget,
}
