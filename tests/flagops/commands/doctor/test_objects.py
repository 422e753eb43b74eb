"""Faults that the cluster's objects show: pods, images, volumes, Jobs, quotas, Secrets, ingress, certificates."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client

from flagops.commands.doctor.model import DoctorFinding
from flagops.errors import OpsError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods.pods import PodComponent
from flagops.pods.restart import WORKLOADS, restart
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.certificates import tls_secret
from tests.containers import NAMESPACE, Containers
from tests.fixtures_cluster import eventually
from tests.flagops.commands.doctor.conftest import Examine
from tests.platform import Platform

pytestmark = pytest.mark.cluster
FAILING = "2.263.0"  # see tests/stages/failing-migration.yaml
REDIS = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith-redis")
WORKER = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith-task-processor")


def pod_spec(change: Manifest) -> Manifest:
    return {"spec": {"template": {"spec": change}}}


@contextmanager
def changed(instance: Instance, ref: Ref, change: Manifest, back: Manifest) -> Iterator[None]:
    instance.client.merge(ref, change)
    try:
        yield
    finally:
        instance.client.merge(ref, back)


@contextmanager
def created(instance: Instance, manifest: Manifest) -> Iterator[None]:
    made = instance.client.create(manifest)
    try:
        yield
    finally:
        instance.client.delete(Ref.of(made))


def finds(doctor: Examine, name: str, **arguments: str) -> DoctorFinding:
    """The finding of this name, once the cluster has noticed the fault."""
    found: dict[str, DoctorFinding] = {}

    def the_fault_is_found() -> bool:
        found.update(doctor(**arguments))
        return name in found

    eventually(the_fault_is_found, seconds=60)
    return found[name]


def test_a_pod_finds_no_node(doctor: Examine, instance: Instance) -> None:
    selector = {"nodeSelector": {"kubernetes.io/hostname": "no-such-node"}}
    with changed(instance, WORKER, pod_spec(selector), pod_spec({"nodeSelector": None})):
        finding = finds(doctor, "pod-pending")
    assert finding.what.startswith("The pod flagsmith-task-processor-")
    assert "didn't match Pod's node affinity/selector" in finding.evidence[0]
    assert "describe pod flagsmith-task-processor-" in finding.fix


def test_an_image_cannot_be_pulled(doctor: Examine, instance: Instance, deployed: Platform) -> None:
    (live,) = [item for item in instance.items("apps/v1", "Deployment") if item["metadata"]["name"] == REDIS.name]
    (container,) = live["spec"]["template"]["spec"]["containers"]
    broken, whole = [{**container, "image": "redis:0.0.0"}], [container]
    with changed(instance, REDIS, pod_spec({"containers": broken}), pod_spec({"containers": whole})):
        finding = finds(doctor, "image-not-pulled")
    assert finding.what == "The image redis:0.0.0 of cache cannot be pulled."
    assert finding.evidence[0].startswith("ImagePullBackOff: Back-off pulling image")
    assert finding.evidence[1] == "event Failed: Failed to pull image: manifest unknown"
    assert finding.fix.endswith("ff up --stack local")
    deployed.up()


def test_a_container_crashes_over_and_over(doctor: Examine, instance: Instance, healthy: Containers) -> None:
    healthy.write_log("redis", "Fatal error loading the DB: wrong signature. Exiting.")
    annotation = "kwok.feature-flags/fail"

    def annotated(value: str | None) -> Manifest:
        return {"spec": {"template": {"metadata": {"annotations": {annotation: value}}}}}

    with changed(instance, REDIS, annotated("true"), annotated(None)):
        finding = finds(doctor, "crash-loop")
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
        finding = finds(doctor, "volume-pending")
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
        finding = finds(doctor, "pods-refused")
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
        finding = finds(doctor, "autoscaler-blind")
    assert "the server could not find the requested resource" in finding.evidence[0]


def test_no_pod_serves(doctor: Examine, instance: Instance, deployed: Platform) -> None:
    api = Ref("apps/v1", "Deployment", NAMESPACE, "flagsmith")
    with changed(instance, api, {"spec": {"replicas": 0}}, {"spec": {"replicas": 3}}):
        finding = finds(doctor, "nothing-serves")
    assert finding.evidence == ("there is no pod at all",)
    deployed.up()


def test_a_secret_changed_under_running_pods_until_they_are_restarted(doctor: Examine, instance: Instance) -> None:
    secret = Ref("v1", "Secret", NAMESPACE, "flagsmith-redis")
    instance.client.merge(secret, {"data": {"note": base64.b64encode(b"changed").decode()}})
    finding = finds(doctor, "secret-changed")
    assert finding.what.startswith("The Secret flagsmith-redis changed after the pods of")
    assert "ff restart --stack local -c " in finding.fix
    instance.client.merge(secret, {"data": {"note": None}})
    there = [component for component in WORKLOADS if component is not PodComponent.EDGE]
    restart(instance, there, seconds=120, on_step=lambda _: None)

    def nothing_is_found() -> bool:
        return doctor() == {}

    eventually(nothing_is_found)


@pytest.fixture
def with_settings(deployed: Platform, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, object]], None]:
    """Let the settings say something else than what is deployed."""

    def change(overrides: dict[str, object]) -> None:
        cluster = deployed.cluster
        found = StackTarget(deployed.stack(overrides), cluster.context, cluster.kubeconfig)
        monkeypatch.setattr(target, "find", lambda _: found)

    return change


def test_nobody_serves_the_ingress(
    doctor: Examine, instance: Instance, deployed: Platform, with_settings: Callable[[dict[str, object]], None]
) -> None:
    deployed.up({"ingress": {"defaultClass": True, "awaitAddress": False, "tls": {"from": "none"}}})
    with_settings({"ingress": {"defaultClass": True, "awaitAddress": True, "tls": {"from": "none"}}})
    assert doctor()["ingress-class-missing"].what.endswith("it names no class, and there was no default one.")
    named: dict[str, object] = {"ingress": {"className": "traefik", "awaitAddress": False, "tls": {"from": "none"}}}
    deployed.up(named)
    with_settings({"ingress": {"className": "traefik", "awaitAddress": True, "tls": {"from": "none"}}})
    assert doctor()["ingress-class-missing"].what.endswith("there is no IngressClass traefik.")
    traefik = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "traefik"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }
    with created(instance, traefik):
        finding = doctor()["ingress-without-address"]
    deployed.up()
    assert finding.what == "The Ingress flagsmith has no address."
    assert finding.fix.endswith("describe ingress flagsmith")


def test_the_certificate_is_missing_then_about_to_end(
    doctor: Examine, instance: Instance, deployed: Platform, with_settings: Callable[[dict[str, object]], None]
) -> None:
    tls = {"from": "secret", "secretName": "public-tls"}
    settings: dict[str, object] = {"ingress": {"defaultClass": True, "awaitAddress": False, "tls": tls}}
    deployed.up(settings)
    with_settings(settings)
    assert doctor()["certificate-not-issued"].what.startswith("There is no certificate in the Secret public-tls")
    for days, name in ((5, "certificate-expiring"), (-3, "certificate-expired")):
        secret = tls_secret("flags.localhost", datetime.now(UTC) + timedelta(days=days), "public-tls")
        with created(instance, {**secret, "metadata": {**secret["metadata"], "namespace": NAMESPACE}}):
            assert name in doctor()
    deployed.up()
