"""The autoscaler, and the Deployment that leaves its number of pods to it."""

import pytest

from flagops.evaluation.program import KubeObject
from tests.recording import Recording, record, recorded

AUTOSCALED = {"autoscaling": {"enabled": True}}


def api_deployment(recording: Recording) -> KubeObject:
    (found,) = (o for o in recording.program.objects if (o.ref.kind, o.ref.name) == ("Deployment", "flagsmith"))
    return found


@pytest.fixture(scope="module")
def autoscaled() -> Recording:
    return record("production", AUTOSCALED)


def test_without_being_asked_for_there_is_no_autoscaler() -> None:
    assert recorded("production").all("HorizontalPodAutoscaler") == []
    deployment = api_deployment(recorded("production"))
    assert deployment.manifest["spec"]["replicas"] == 5
    assert deployment.ignored == ()


def test_the_deployment_leaves_its_replicas_out_and_their_change_is_ignored(autoscaled: Recording) -> None:
    deployment = api_deployment(autoscaled)
    assert "replicas" not in deployment.manifest["spec"]
    assert deployment.ignored == ("spec.replicas",)
    assert autoscaled.one("Deployment", "flagsmith-task-processor")["spec"]["replicas"] == 2


def test_the_autoscaler_is_there_first_and_points_at_the_deployment(autoscaled: Recording) -> None:
    deployment = api_deployment(autoscaled)
    assert "HorizontalPodAutoscaler/flagsmith" in autoscaled.needed_by(deployment)
    spec = autoscaled.one("HorizontalPodAutoscaler", "flagsmith")["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "flagsmith"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (4, 15)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "600m"}}


def test_pods_are_added_at_once_and_removed_slowly(autoscaled: Recording) -> None:
    behaviour = autoscaled.one("HorizontalPodAutoscaler", "flagsmith")["spec"]["behavior"]
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_a_stated_number_is_taken_back_from_whoever_set_another() -> None:
    deployment = recorded("production").one("Deployment", "flagsmith")
    assert deployment["metadata"]["annotations"]["pulumi.com/patchForce"] == "true"
