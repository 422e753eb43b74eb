"""Faults that the cluster's objects show: pods, images, volumes, Jobs, quotas, Secrets."""

import base64
from typing import Any

import pytest
from kubernetes import client

from flagops.commands.doctor.checks import OBJECTS
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.errors import OpsError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods.pods import PodComponent, pods
from flagops.pods.restart import WORKLOADS, restart
from flagops.stacks.deployed import Instance
from tests.containers import NAMESPACE, Containers
from tests.fixtures_cluster import eventually
from tests.flagops.commands.doctor.conftest import Examine
from tests.flagops.commands.faults import changed_workload, created
from tests.platform import Platform

pytestmark = pytest.mark.cluster
FAILING = "2.263.0"  # see tests/stages/failing-migration.yaml
REDIS = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith-redis")
WORKER = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith-task-processor")


def pod_spec(change: Manifest) -> Manifest:
    return {"spec": {"template": {"spec": change}}}


def finds(doctor: Examine, instance: Instance, name: str) -> DoctorFinding:
    """The finding of this name, once the cluster has noticed the fault; what runs in pods is not asked before."""
    found: dict[str, DoctorFinding] = {}

    def the_fault_is_found() -> bool:
        examination = Examination(instance)
        if any(finding.name == name for check in OBJECTS for finding in check(examination)):
            found.update(doctor())
        return name in found

    eventually(the_fault_is_found, seconds=60)
    return found[name]


def test_a_pod_finds_no_node(doctor: Examine, instance: Instance) -> None:
    selector = {"nodeSelector": {"kubernetes.io/hostname": "no-such-node"}}
    with changed_workload(instance, WORKER, pod_spec(selector), pod_spec({"nodeSelector": None})):
        finding = finds(doctor, instance, "pod-pending")
    assert finding.what.startswith("The pod flagsmith-task-processor-")
    assert "didn't match Pod's node affinity/selector" in finding.evidence[0]
    assert "describe pod flagsmith-task-processor-" in finding.fix


def test_an_image_cannot_be_pulled(doctor: Examine, instance: Instance) -> None:
    (live,) = [item for item in instance.items("apps/v1", "Deployment") if item["metadata"]["name"] == REDIS.name]
    (container,) = live["spec"]["template"]["spec"]["containers"]
    broken, whole = [{**container, "image": "redis:0.0.0"}], [container]
    with changed_workload(instance, REDIS, pod_spec({"containers": broken}), pod_spec({"containers": whole})):
        finding = finds(doctor, instance, "image-not-pulled")
    assert finding.what == "The image redis:0.0.0 of cache cannot be pulled."
    assert finding.evidence[0].startswith("ImagePullBackOff: Back-off pulling image")
    assert finding.evidence[1] == "event Failed: Failed to pull image: manifest unknown"
    assert finding.fix.endswith("ff up --stack local")


def test_a_container_crashes_over_and_over(doctor: Examine, instance: Instance, healthy: Containers) -> None:
    healthy.write_log("redis", "Fatal error loading the DB: wrong signature. Exiting.")
    annotation = "kwok.feature-flags/fail"

    def annotated(value: str | None) -> Manifest:
        return {"spec": {"template": {"metadata": {"annotations": {annotation: value}}}}}

    with changed_workload(instance, REDIS, annotated("true"), annotated(None)):
        finding = finds(doctor, instance, "crash-loop")
    assert finding.what == "cache starts and stops again and again."
    assert finding.evidence[-1] == "log: Fatal error loading the DB: wrong signature. Exiting."
    assert finding.fix == "ff logs --stack local --component cache"


def test_a_container_needs_more_memory_than_it_may_have(
    doctor: Examine, deployed: Platform, kubernetes_client: Any, instance: Instance
) -> None:
    (pod,) = deployed.pods("cache")
    (status,) = pod["status"]["containerStatuses"]
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    waits = {**status, "ready": False, "restartCount": 7, "lastState": killed}
    conditions = [
        {**item, "status": "False" if item["type"] == "Ready" else item["status"]}
        for item in pod["status"]["conditions"]
    ]
    change = {"status": {"containerStatuses": [waits], "conditions": conditions}}
    client.CoreV1Api(kubernetes_client).patch_namespaced_pod_status(pod["metadata"]["name"], NAMESPACE, change)
    try:
        finding = doctor()["out-of-memory"]
    finally:
        restart(instance, [PodComponent.CACHE], seconds=60, on_step=lambda _: None)
    assert finding.what.startswith("cache is killed again and again: it needs more memory")
    assert "OOMKilled, 7 restarts" in finding.evidence[0]


def test_a_volume_is_never_made(doctor: Examine, instance: Instance) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "flagsmith-more-data", "namespace": NAMESPACE},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "no-such-class",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    with created(instance, claim):
        finding = finds(doctor, instance, "volume-pending")
    assert finding.what == "The volume claim flagsmith-more-data gets no volume."
    assert "storage class: no-such-class" in finding.evidence[0]
    assert "get storageclass" in finding.fix


def test_the_migration_failed(doctor: Examine, deployed: Platform, healthy: Containers) -> None:
    healthy.write_log("migrate", 'ERROR: column "archived" contains null values')
    with pytest.raises(OpsError):
        deployed.up({"version": FAILING})
    finding = doctor()["migration-failed"]
    assert "go on serving" in finding.what
    assert finding.evidence[-1] == 'log: ERROR: column "archived" contains null values'
    assert finding.fix.startswith("ff up --stack local")
    deployed.up()


def test_a_quota_refuses_pods(doctor: Examine, instance: Instance, deployed: Platform) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight", "namespace": NAMESPACE},
        "spec": {"hard": {"pods": "1"}},
    }

    def the_quota_counts() -> bool:
        found = instance.get("v1", "ResourceQuota", "tight")
        return bool(found and found.get("status", {}).get("used"))

    with created(instance, quota):
        eventually(the_quota_counts)
        victim = deployed.pods("task-processor")[0]["metadata"]["name"]
        instance.client.delete(Ref("v1", "Pod", NAMESPACE, victim))
        finding = finds(doctor, instance, "pods-refused")
    restart(instance, [PodComponent.TASK_PROCESSOR], seconds=60, on_step=lambda _: None)
    assert "exceeded quota: tight" in finding.evidence[0]


def test_somebody_deleted_a_workload(doctor: Examine, instance: Instance, deployed: Platform) -> None:
    instance.client.delete(WORKER)
    finding = doctor()["workload-missing"]
    assert finding.what == "There is no Deployment flagsmith-task-processor."
    assert finding.fix == "ff up --stack local"
    deployed.up()


def test_an_autoscaler_sees_nothing(doctor: Examine, instance: Instance) -> None:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flagsmith", "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "flagsmith"},
            "minReplicas": 3,
            "maxReplicas": 4,
            "metrics": [cpu],
        },
    }
    with created(instance, autoscaler):
        finding = finds(doctor, instance, "autoscaler-blind")
    assert "the server could not find the requested resource" in finding.evidence[0]


def test_no_pod_serves(doctor: Examine, instance: Instance) -> None:
    api = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith")

    def there_is_no_pod() -> bool:
        return pods(instance, PodComponent.API) == []

    with changed_workload(instance, api, {"spec": {"replicas": 0}}, {"spec": {"replicas": 3}}):
        eventually(there_is_no_pod)
        finding = doctor()["nothing-serves"]
    assert finding.evidence == ("there is no pod at all",)


def test_a_secret_changed_under_running_pods_until_they_are_restarted(doctor: Examine, instance: Instance) -> None:
    secret = Ref("v1", "Secret", NAMESPACE, "flagsmith-redis")
    instance.client.merge(secret, {"data": {"note": base64.b64encode(b"changed").decode()}})
    finding = finds(doctor, instance, "secret-changed")
    assert finding.what.startswith("The Secret flagsmith-redis changed after the pods of")
    assert "ff restart --stack local -c " in finding.fix
    instance.client.merge(secret, {"data": {"note": None}})
    there = [component for component in WORKLOADS if component is not PodComponent.EDGE]
    restart(instance, there, seconds=120, on_step=lambda _: None)

    def nothing_is_found() -> bool:
        return doctor() == {}

    eventually(nothing_is_found)
