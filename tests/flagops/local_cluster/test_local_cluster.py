"""The simulated cluster behaves as people and the deployment expect of a cluster."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from flagops.local_cluster import api, rest
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually

pytestmark = pytest.mark.cluster

LABELS = {"app": "example"}
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture
def namespace(kubernetes_client: Any) -> Iterator[str]:
    """A namespace of the test's own, in which pods are admitted."""
    core = client.CoreV1Api(kubernetes_client)
    name = f"test-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})

    def it_has_a_service_account() -> bool:
        return bool(core.list_namespaced_service_account(name).items)

    eventually(it_has_a_service_account)
    yield name
    core.delete_namespace(name)


def pod_template(*, annotations: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    container = {"name": "main", "image": "example.com/image:1"}
    return {
        "metadata": {"labels": LABELS, "annotations": annotations or {}},
        "spec": {"containers": [container], **spec},
    }


def deployment(*, replicas: int = 3, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": LABELS},
    }
    return {
        "metadata": {"name": "example"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": pod_template(annotations=annotations, topologySpreadConstraints=[spread]),
        },
    }


def claim(size: str = "1Gi") -> dict[str, Any]:
    return {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def job(*, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    template = pod_template(annotations=annotations, restartPolicy="Never")
    return {"metadata": {"name": "example"}, "spec": {"backoffLimit": 0, "template": template}}


def is_gone(read: Any, *arguments: str) -> bool:
    try:
        read(*arguments)
    except ApiException as error:
        if error.status == 404:
            return True
        raise
    return False


def test_three_nodes_are_ready_in_three_zones(cluster: LocalCluster) -> None:
    now = api.status(home=cluster.kubeconfig.parents[1])
    assert now.up, now.problem
    assert [node.ready for node in now.nodes] == [True] * 3
    assert len({node.zone for node in now.nodes}) == 3


def test_the_server_tells_the_pinned_version(cluster: LocalCluster, kubernetes_client: Any) -> None:
    version = client.VersionApi(kubernetes_client).get_code()
    assert version.git_version == api.status(home=cluster.kubeconfig.parents[1]).version
    assert version.git_version.startswith(f"v{version.major}.{version.minor}.")


def test_up_again_hands_back_the_running_cluster(cluster: LocalCluster) -> None:
    home = cluster.kubeconfig.parents[1]
    before = api.status(home=home)
    assert api.up(home=home, kind="simulated") == cluster
    assert api.status(home=home) == before


def test_the_kubeconfig_is_private_and_its_context_is_current(cluster: LocalCluster) -> None:
    assert cluster.kubeconfig.stat().st_mode & 0o777 == 0o600
    contexts, current = config.list_kube_config_contexts(str(cluster.kubeconfig))
    assert [context["name"] for context in contexts] == [current["name"]] == [cluster.context]


def test_a_deployment_rolls_out_over_the_zones_and_goes_away(kubernetes_client: Any, namespace: str) -> None:
    apps, core = client.AppsV1Api(kubernetes_client), client.CoreV1Api(kubernetes_client)
    apps.create_namespaced_deployment(namespace, deployment())

    def three_replicas_are_available() -> bool:
        return bool(apps.read_namespaced_deployment("example", namespace).status.available_replicas == 3)

    eventually(three_replicas_are_available)
    assert len({pod.spec.node_name for pod in core.list_namespaced_pod(namespace).items}) == 3
    apps.delete_namespaced_deployment("example", namespace)

    def no_pod_is_left() -> bool:
        return not core.list_namespaced_pod(namespace).items

    eventually(no_pod_is_left)


def test_a_pod_annotated_to_fail_is_never_ready(kubernetes_client: Any, namespace: str) -> None:
    core = client.CoreV1Api(kubernetes_client)
    failing = deployment(replicas=1, annotations={"kwok.feature-flags/fail": "true"})
    client.AppsV1Api(kubernetes_client).create_namespaced_deployment(namespace, failing)

    def it_crashes() -> bool:
        states = [
            status
            for pod in core.list_namespaced_pod(namespace).items
            for status in pod.status.container_statuses or []
        ]
        return any(status.state.waiting and status.state.waiting.reason == "CrashLoopBackOff" for status in states)

    eventually(it_crashes)


@pytest.mark.parametrize(("annotation", "outcome"), [(None, "Complete"), ("true", "Failed")])
def test_a_job_ends(kubernetes_client: Any, namespace: str, annotation: str | None, outcome: str) -> None:
    batch = client.BatchV1Api(kubernetes_client)
    annotations = {"kwok.feature-flags/fail": annotation} if annotation else None
    batch.create_namespaced_job(namespace, job(annotations=annotations))

    def it_has_ended() -> bool:
        conditions = batch.read_namespaced_job("example", namespace).status.conditions or []
        return outcome in [condition.type for condition in conditions]

    eventually(it_has_ended)


def test_a_claim_is_bound_and_grows_and_so_is_its_successor(kubernetes_client: Any, namespace: str) -> None:
    core = client.CoreV1Api(kubernetes_client)

    def it_is_bound_with(size: str) -> None:
        def the_claim_is_bound() -> bool:
            status = core.read_namespaced_persistent_volume_claim("data", namespace).status
            return bool(status.phase == "Bound" and status.capacity["storage"] == size)

        eventually(the_claim_is_bound)

    def own_volumes() -> list[Any]:
        return [item for item in core.list_persistent_volume().items if item.spec.claim_ref.namespace == namespace]

    def no_volume_is_left() -> bool:
        return not own_volumes()

    for _ in range(2):
        core.create_namespaced_persistent_volume_claim(namespace, claim())
        it_is_bound_with("1Gi")
        core.patch_namespaced_persistent_volume_claim("data", namespace, claim("2Gi"))
        it_is_bound_with("2Gi")
        assert [volume.spec.capacity for volume in own_volumes()] == [{"storage": "2Gi"}]
        core.delete_namespaced_persistent_volume_claim("data", namespace)
        eventually(no_volume_is_left)
        assert is_gone(core.read_namespaced_persistent_volume_claim, "data", namespace)


def test_pod_security_refuses_a_pod_that_is_not_restricted(kubernetes_client: Any, namespace: str) -> None:
    core = client.CoreV1Api(kubernetes_client)
    core.patch_namespace(namespace, {"metadata": {"labels": RESTRICTED}})
    pod = pod_template()
    pod["metadata"]["name"] = "bad"
    with pytest.raises(ApiException, match="violates PodSecurity") as error:
        core.create_namespaced_pod(namespace, pod, dry_run="All")
    assert error.value.status == 403


def test_strict_field_validation_refuses_a_typo(cluster: LocalCluster) -> None:
    wrong = deployment() | {"apiVersion": "apps/v1", "kind": "Deployment"}
    wrong["spec"]["replica"] = 3
    # Not by the typed client, which refuses the typo itself.
    with rest.client(cluster.kubeconfig) as connection:
        path = "/apis/apps/v1/namespaces/default/deployments"
        answer = connection.post(path, json=wrong, params={"fieldValidation": "Strict"})
    assert answer.status_code == 400
    assert 'unknown field "spec.replica"' in answer.json()["message"]


def test_the_logs_of_a_simulated_pod_fail_at_once(kubernetes_client: Any, namespace: str) -> None:
    core = client.CoreV1Api(kubernetes_client)
    pod = pod_template()
    pod["metadata"]["name"] = "silent"
    core.create_namespaced_pod(namespace, pod)

    def it_runs() -> bool:
        return bool(core.read_namespaced_pod("silent", namespace).status.phase == "Running")

    eventually(it_runs)
    # Refused by the node, or, once another test has written logs for its own containers, by the simulator.
    with pytest.raises(ApiException, match=r"connection refused|no logs found for container"):
        core.read_namespaced_pod_log("silent", namespace, _request_timeout=5)
