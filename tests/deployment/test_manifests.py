"""Every manifest of every stack, before the real API server's eyes."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from flagops.local_cluster import rest
from flagops.local_cluster.api import LocalCluster
from tests.components.network.variants import ALL
from tests.recording import STACKS, pod_templates, record, recorded

pytestmark = pytest.mark.cluster

SCRATCH = "manifests"
COLLECTIONS = {
    "Secret": "/api/v1/namespaces/{}/secrets",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Service": "/api/v1/namespaces/{}/services",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "ResourceQuota": "/api/v1/namespaces/{}/resourcequotas",
    "LimitRange": "/api/v1/namespaces/{}/limitranges",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Namespace": "/api/v1/namespaces",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
}


@pytest.fixture(scope="module")
def http(cluster: LocalCluster) -> Iterator[httpx.Client]:
    """A client, and a namespace with Pod Security `restricted` to try objects in without making them."""
    with rest.client(cluster.kubeconfig) as client:
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SCRATCH, "labels": labels}}
        client.post("/api/v1/namespaces", json=manifest).raise_for_status()
        try:
            yield client
        finally:
            client.delete(f"/api/v1/namespaces/{SCRATCH}").raise_for_status()


def tried(http: httpx.Client, manifest: dict[str, Any]) -> httpx.Response:
    """The server's answer to creating the object, which it validates strictly and does not keep."""
    moved = copy.deepcopy(manifest)
    if moved["kind"] == "Namespace":
        moved["metadata"]["name"] = "another-namespace"
    else:
        moved["metadata"]["namespace"] = SCRATCH
    if moved["kind"] == "Service":
        for port in moved["spec"]["ports"]:
            port.pop("nodePort", None)  # it is taken where the stack `local` is deployed to the same cluster
    path = COLLECTIONS[moved["kind"]].format(SCRATCH)
    return http.post(path, json=moved, params={"dryRun": "All", "fieldValidation": "Strict"})


@pytest.mark.parametrize("stack", STACKS)
def test_every_manifest_is_accepted_with_strict_validation(http: httpx.Client, stack: str) -> None:
    for item in recorded(stack).program.objects:
        answer = tried(http, item.manifest)
        assert answer.status_code == 201, f"{item.ref}: {answer.json()['message']}"
        assert "Warning" not in answer.headers, f"{item.ref}: {answer.headers['Warning']}"


def test_an_autoscaler_is_accepted_with_strict_validation(http: httpx.Client) -> None:
    manifest = record("production", {"autoscaling": {"enabled": True}}).one("HorizontalPodAutoscaler", "flagsmith")
    answer = tried(http, manifest)
    assert answer.status_code == 201, answer.json()["message"]
    # The server adds nothing, so that a second deployment sees no difference.
    assert {key: answer.json()["spec"][key] for key in manifest["spec"]} == manifest["spec"]


@pytest.fixture(scope="module")
def accepted() -> set[str]:
    """What the server was seen to accept as it is: most policies are the same in many variants."""
    return set()


@pytest.mark.parametrize("variant", ALL)
def test_every_network_policy_is_accepted_as_it_is(http: httpx.Client, accepted: set[str], variant: str) -> None:
    for manifest in record("production", ALL[variant]).all("NetworkPolicy"):
        text = json.dumps(manifest, sort_keys=True)
        if text in accepted:
            continue
        answer = tried(http, manifest)
        assert answer.status_code == 201, f"{manifest['metadata']['name']}: {answer.json()['message']}"
        assert "Warning" not in answer.headers, answer.headers["Warning"]
        assert answer.json()["spec"] == manifest["spec"], "the server adds nothing, so that no deployment sees a change"
        accepted.add(text)


def test_a_misspelt_field_is_refused(http: httpx.Client) -> None:
    manifest = copy.deepcopy(recorded("local").one("Deployment", "flagsmith"))
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 60
    answer = tried(http, manifest)
    assert answer.status_code == 400
    assert 'unknown field "spec.template.spec.terminationGracePeriodSecond"' in answer.json()["message"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_pod_of_every_template_is_admitted_under_restricted(http: httpx.Client, stack: str) -> None:
    names = []
    for name, template in pod_templates(recorded(stack)):
        answer = tried_pod(http, name, template)
        assert answer.status_code == 201, f"{name}: {answer.json()['message']}"
        names.append(name)
    assert len(names) >= 13


def test_a_pod_that_may_gain_privileges_is_not(http: httpx.Client) -> None:
    name, template = next(pod_templates(recorded("local")))
    broken = copy.deepcopy(template)
    broken["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    answer = tried_pod(http, name, broken)
    assert answer.status_code == 403
    assert "restricted" in answer.json()["message"]


def tried_pod(http: httpx.Client, name: str, template: dict[str, Any]) -> httpx.Response:
    """The server's answer to creating a pod of the template, which it does not keep; its account is made for that."""
    account = {"metadata": {"name": template["spec"]["serviceAccountName"]}}
    made = http.post(f"/api/v1/namespaces/{SCRATCH}/serviceaccounts", json=account)
    assert made.status_code in (201, 409), made.text
    metadata = template["metadata"] | {"name": name.rpartition("/")[2], "namespace": SCRATCH}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    return http.post(f"/api/v1/namespaces/{SCRATCH}/pods", params={"dryRun": "All"}, json=manifest)
