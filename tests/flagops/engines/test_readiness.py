from typing import Any

import pytest

from flagops.kubernetes.readiness import Phase, assess, time_limit


def live(kind: str, status: dict[str, Any], spec: dict[str, Any] | None = None, **annotations: str) -> dict[str, Any]:
    metadata = {"name": "x", "generation": 2, "annotations": {f"pulumi.com/{k}": v for k, v in annotations.items()}}
    return {"kind": kind, "metadata": metadata, "spec": spec or {}, "status": status}


SEEN = {"observedGeneration": 2}
ROLLED_OUT = SEEN | {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}
THREE = {"replicas": 3}


def conditions(kind: str, **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "True", **more}]}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (ROLLED_OUT | {"observedGeneration": 1}, "has not seen the change"),
        (ROLLED_OUT | {"updatedReplicas": 1}, "1 of 3 replicas are updated"),
        (ROLLED_OUT | {"replicas": 4}, "1 old replicas are still to end"),
        (ROLLED_OUT | {"availableReplicas": 2}, "2 of 3 replicas are available"),
        (SEEN, "0 of 3 replicas are updated"),
    ],
)
def test_a_deployment_waits_for_every_replica(status: dict[str, Any], message: str) -> None:
    readiness = assess(live("Deployment", status, THREE))
    assert readiness.phase is Phase.WAITING
    assert message in readiness.message


def test_a_deployment_is_ready_when_all_replicas_are_new_and_available() -> None:
    assert assess(live("Deployment", ROLLED_OUT, THREE)).phase is Phase.READY
    assert assess(live("Deployment", SEEN, {"replicas": 0})).phase is Phase.READY


def test_a_deployment_past_its_progress_deadline_has_failed() -> None:
    status = SEEN | conditions("Progressing", reason="ProgressDeadlineExceeded", message="no progress for 600 s")
    readiness = assess(live("Deployment", status, THREE))
    assert (readiness.phase, readiness.message) == (Phase.FAILED, "no progress for 600 s")


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        (ROLLED_OUT | {"updateRevision": "b", "currentRevision": "b"}, Phase.READY),
        (ROLLED_OUT | {"updateRevision": "b", "currentRevision": "a", "updatedReplicas": 2}, Phase.WAITING),
        (ROLLED_OUT | {"readyReplicas": 2}, Phase.WAITING),
        (ROLLED_OUT | {"observedGeneration": 1}, Phase.WAITING),
    ],
)
def test_a_stateful_set_waits_for_its_revision(status: dict[str, Any], phase: Phase) -> None:
    assert assess(live("StatefulSet", status, THREE)).phase is phase


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({}, Phase.WAITING),
        ({"active": 1}, Phase.WAITING),
        # Between two attempts.
        ({"failed": 2}, Phase.WAITING),
        (conditions("Complete"), Phase.READY),
        (conditions("Failed", reason="BackoffLimitExceeded", message="too often"), Phase.FAILED),
    ],
)
def test_a_job_is_awaited_to_its_end(status: dict[str, Any], phase: Phase) -> None:
    assert assess(live("Job", status)).phase is phase


@pytest.mark.parametrize(
    ("phase", "mode", "expected"),
    [
        ("Bound", "Immediate", Phase.READY),
        ("Pending", "Immediate", Phase.WAITING),
        ("Pending", "WaitForFirstConsumer", Phase.READY),
        ("Lost", "Immediate", Phase.FAILED),
    ],
)
def test_a_claim_waits_to_be_bound_unless_its_class_waits_for_a_pod(phase: str, mode: str, expected: Phase) -> None:
    assert assess(live("PersistentVolumeClaim", {"phase": phase}), mode).phase is expected


def test_only_load_balancers_are_awaited_among_services() -> None:
    assert assess(live("Service", {}, {"type": "ClusterIP"})).phase is Phase.READY
    assert assess(live("Service", {}, {"type": "LoadBalancer"})).phase is Phase.WAITING


def test_an_ingress_waits_for_its_address_unless_told_not_to() -> None:
    assert assess(live("Ingress", {"loadBalancer": {}})).phase is Phase.WAITING
    assert assess(live("Ingress", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})).phase is Phase.READY
    assert assess(live("Ingress", {}, skipAwait="true")).phase is Phase.READY
    assert assess(live("Ingress", {}, skipAwait="false")).phase is Phase.WAITING


def test_an_object_that_is_being_deleted_is_not_ready() -> None:
    ending = live("ConfigMap", {})
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert assess(ending).phase is Phase.WAITING


def test_kinds_without_a_rule_are_ready_at_once() -> None:
    assert assess(live("ConfigMap", {})).phase is Phase.READY


def test_the_annotation_goes_before_the_program_s_timeout_and_that_before_the_default() -> None:
    assert time_limit(live("Job", {}, timeoutSeconds="30"), 60) == 30
    assert time_limit(live("Job", {}), 60) == 60
    assert time_limit(live("Job", {})) == 600
    assert time_limit(live("Job", {}, timeoutSeconds="soon")) == 600


@pytest.mark.parametrize(
    ("status", "phase", "message"),
    [
        ({}, Phase.WAITING, "has not made its Secret yet"),
        (conditions("Ready") | {"syncedResourceVersion": "2-abc"}, Phase.READY, ""),
        (conditions("Ready") | {"syncedResourceVersion": "1-abc"}, Phase.WAITING, "has not made its Secret yet"),
        (
            {"conditions": [{"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "denied"}]},
            Phase.WAITING,
            "SecretSyncedError: denied",
        ),
    ],
)
def test_an_external_secret_is_ready_when_its_present_form_was_followed(
    status: dict[str, Any], phase: Phase, message: str
) -> None:
    readiness = assess(live("ExternalSecret", status))
    assert readiness.phase is phase
    assert message in readiness.message


def test_a_pooler_waits_until_it_is_active_and_without_an_error() -> None:
    assert assess(live("Pooler", {"phase": "active"})).phase is Phase.READY
    for status, message in (
        ({}, "has not taken it up"),
        ({"phase": "inactive", "phaseReason": "no such Cluster"}, "no such Cluster"),
        ({"phase": "active", "error": "failed admission validation"}, "failed admission validation"),
    ):
        readiness = assess(live("Pooler", status))
        assert (readiness.phase, readiness.message.endswith(message)) == (Phase.WAITING, True)
