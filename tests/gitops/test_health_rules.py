"""The rules of Argo CD and Flux themselves, by the statuses that Kubernetes' controllers write."""

from typing import Any

import pytest

from tests.gitops import argocd, flux


def live(api_version: str, kind: str, spec: dict[str, Any], status: dict[str, Any] | None) -> dict[str, Any]:
    made = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "generation": 2}, "spec": spec}
    return made if status is None else {**made, "status": status}


def condition(kind: str, status: str = "True", reason: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, "reason": reason}]}


NIGHT, MORNING = "2030-01-01T02:00:00Z", "2030-01-02T02:00:00Z"
ROLLED_OUT = {
    "observedGeneration": 2,
    "replicas": 3,
    "updatedReplicas": 3,
    "readyReplicas": 3,
    "availableReplicas": 3,
    "conditions": [
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
    ],
}
SERVING = {
    "observedGeneration": 2,
    "replicas": 1,
    "currentReplicas": 1,
    "updatedReplicas": 1,
    "readyReplicas": 1,
    "currentRevision": "a",
    "updateRevision": "a",
}
Shape = tuple[str, str, dict[str, Any]]
DEPLOYMENT: Shape = ("apps/v1", "Deployment", {"replicas": 3})
STATEFUL_SET: Shape = ("apps/v1", "StatefulSet", {"replicas": 1})
CLAIM: Shape = ("v1", "PersistentVolumeClaim", {})
JOB: Shape = ("batch/v1", "Job", {})
CRON_JOB: Shape = ("batch/v1", "CronJob", {})
INGRESS: Shape = ("networking.k8s.io/v1", "Ingress", {})
GATEWAY: Shape = ("gateway.networking.k8s.io/v1", "Gateway", {})
ROUTE: Shape = ("gateway.networking.k8s.io/v1", "HTTPRoute", {})
AUTOSCALER: Shape = ("autoscaling/v2", "HorizontalPodAutoscaler", {})
BUDGET: Shape = ("policy/v1", "PodDisruptionBudget", {})
STORED: Shape = ("external-secrets.io/v1", "ExternalSecret", {})
CASES: list[tuple[Shape, dict[str, Any] | None, str | None, str]] = [
    (CLAIM, {"phase": "Pending"}, "Progressing", "InProgress"),
    (CLAIM, {"phase": "Bound"}, "Healthy", "Current"),
    (CLAIM, {"phase": "Lost"}, "Degraded", "InProgress"),
    (JOB, {"startTime": NIGHT, "active": 1}, "Progressing", "InProgress"),
    (JOB, condition("Complete"), "Healthy", "Current"),
    (JOB, condition("Failed"), "Degraded", "Failed"),
    (CRON_JOB, None, "Progressing", "Current"),
    (CRON_JOB, {}, "Healthy", "Current"),
    (CRON_JOB, {"lastScheduleTime": MORNING, "lastSuccessfulTime": NIGHT}, "Degraded", "Current"),
    (CRON_JOB, {"lastScheduleTime": MORNING, "lastSuccessfulTime": NIGHT, "active": [{}]}, "Healthy", "Current"),
    (INGRESS, {"loadBalancer": {}}, "Progressing", "Current"),
    (INGRESS, {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, "Healthy", "Current"),
    # kstatus knows neither kind, and looks at none of their conditions.
    (GATEWAY, None, "Progressing", "Current"),
    (GATEWAY, condition("Programmed", "Unknown", "Pending"), "Progressing", "Current"),
    (GATEWAY, condition("Accepted", "False", "InvalidParameters"), "Degraded", "Current"),
    (GATEWAY, condition("Programmed"), "Healthy", "Current"),
    (GATEWAY, {**condition("Programmed"), "listeners": [condition("ResolvedRefs", "False")]}, "Degraded", "Current"),
    (ROUTE, {"parents": []}, "Progressing", "Current"),
    (ROUTE, {"parents": [condition("Accepted")]}, "Healthy", "Current"),
    (ROUTE, {"parents": [condition("Accepted"), condition("ResolvedRefs", "False")]}, "Degraded", "Current"),
    (AUTOSCALER, {}, "Progressing", "Current"),
    (AUTOSCALER, condition("ScalingActive", "False", "FailedGetResourceMetric"), "Degraded", "Current"),
    (AUTOSCALER, condition("AbleToScale", "True", "ReadyForNewScale"), "Healthy", "Current"),
    (BUDGET, {}, "Progressing", "Current"),
    (BUDGET, condition("DisruptionAllowed", "False", "InsufficientPods"), "Healthy", "Current"),
    (BUDGET, condition("DisruptionAllowed", "False", "SyncFailed"), "Degraded", "Current"),
    (STORED, condition("Ready", "False", "SecretSyncedError"), "Degraded", "InProgress"),
    (STORED, condition("Ready"), "Healthy", "Current"),
    (STORED, None, "Progressing", "Current"),
    (DEPLOYMENT, ROLLED_OUT, "Healthy", "Current"),
    (DEPLOYMENT, {**ROLLED_OUT, "observedGeneration": 1}, "Progressing", "InProgress"),
    (DEPLOYMENT, {**ROLLED_OUT, "updatedReplicas": 1}, "Progressing", "InProgress"),
    (DEPLOYMENT, {**ROLLED_OUT, "replicas": 4}, "Progressing", "InProgress"),
    (DEPLOYMENT, {**ROLLED_OUT, "readyReplicas": 0, "availableReplicas": 0}, "Progressing", "InProgress"),
    (
        DEPLOYMENT,
        {"observedGeneration": 2, **condition("Progressing", "False", "ProgressDeadlineExceeded")},
        *("Degraded", "Failed"),
    ),
    (STATEFUL_SET, SERVING, "Healthy", "Current"),
    (STATEFUL_SET, {**SERVING, "readyReplicas": 0}, "Progressing", "InProgress"),
    (STATEFUL_SET, {**SERVING, "updateRevision": "b"}, "Progressing", "InProgress"),
    (("v1", "Service", {"type": "ClusterIP"}), {"loadBalancer": {}}, "Healthy", "Current"),
    (("v1", "ConfigMap", {}), None, None, "Current"),
    (("networking.k8s.io/v1", "NetworkPolicy", {}), None, None, "Current"),
]


@pytest.mark.parametrize(("what", "status", "argo_cd", "of_flux"), CASES)
def test_a_status_is_judged_as_the_controllers_do(
    what: Shape, status: dict[str, Any] | None, argo_cd: str | None, of_flux: str
) -> None:
    shown = live(*what, status)
    assert (argocd.health(shown), flux.status(shown)) == (argo_cd, of_flux)


def test_what_is_being_deleted_is_not_well() -> None:
    shown = live(*CLAIM, {"phase": "Bound"})
    shown["metadata"]["deletionTimestamp"] = MORNING
    assert (argocd.health(shown), flux.status(shown)) == ("Progressing", "Terminating")


def test_a_suspended_cron_job_is_healthy_and_a_suspended_job_is_waited_for() -> None:
    assert argocd.health(live("batch/v1", "CronJob", {"suspend": True}, None)) == "Healthy"
    assert argocd.health(live("batch/v1", "Job", {"suspend": True}, condition("Suspended"))) == "Suspended"
