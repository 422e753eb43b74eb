"""A rolling update of 24 slow pods is over long before the wait for it, and none of the 24 is missing meanwhile."""

import copy
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from components.settings.rollouts import rollout_seconds, surge
from flagops.kubernetes.awaiting import await_rollout
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.readiness import time_limit
from flagops.local_cluster import rest
from flagops.local_cluster.api import LocalCluster
from tests.fixtures_cluster import eventually
from tests.recording import record

pytestmark = pytest.mark.cluster

NAMESPACE = "large-rollouts"
REPLICAS = 24
# Of a pod, in place of a minute.
SECONDS = 3
PATH = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
MERGE = {"Content-Type": "application/merge-patch+json"}


def slow(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The Deployment as it is rendered, of pods that the three simulated nodes have room for, and that are slow."""
    found = copy.deepcopy(dict(deployment))
    found["metadata"]["namespace"] = NAMESPACE
    template = found["spec"]["template"]
    template["metadata"]["annotations"]["kwok.feature-flags/ready-after"] = f"{SECONDS}s"
    template["spec"].pop("serviceAccountName")
    for container in template["spec"]["containers"]:
        container["resources"] = {"requests": {"cpu": "100m", "memory": "64Mi"}}
    return found


@pytest.fixture
def http(cluster: LocalCluster) -> Iterator[httpx.Client]:
    with rest.client(cluster.kubeconfig) as client:
        client.post("/api/v1/namespaces", json={"metadata": {"name": NAMESPACE}}).raise_for_status()

        def a_pod_may_be_made() -> bool:
            return client.get(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default").status_code == 200

        eventually(a_pod_may_be_made)
        try:
            yield client
        finally:
            client.delete(f"/api/v1/namespaces/{NAMESPACE}").raise_for_status()


@pytest.mark.timeout(300)
def test_24_slow_pods_are_renewed_in_time_and_none_is_missing(http: httpx.Client, cluster: LocalCluster) -> None:
    stack = record("production", {"size": "xlarge"})
    deployment = slow(stack.one("Deployment", "flagsmith"))
    assert deployment["spec"]["replicas"] == REPLICAS
    http.post(PATH, json=deployment).raise_for_status()

    def live() -> dict[str, Any]:
        return dict(http.get(f"{PATH}/flagsmith").raise_for_status().json())

    def all_are_available() -> bool:
        return bool(live().get("status", {}).get("availableReplicas") == REPLICAS)

    eventually(all_are_available, seconds=120)
    change = {"spec": {"template": {"metadata": {"annotations": {"changed": "yes"}}}}}
    began = time.monotonic()
    http.patch(f"{PATH}/flagsmith", json=change, headers=MERGE).raise_for_status()
    seen: list[tuple[int, int]] = []

    def it_is_rolled_out() -> bool:
        status, wanted = live()["status"], live()["metadata"]["generation"]
        seen.append((status["availableReplicas"], status["replicas"]))
        return bool(
            status["observedGeneration"] >= wanted
            and status.get("updatedReplicas") == status["replicas"] == status["availableReplicas"] == REPLICAS
        )

    eventually(it_is_rolled_out, seconds=200)
    # One after the other, it would take at least so long.
    assert time.monotonic() - began < REPLICAS * SECONDS
    assert min(available for available, _ in seen) >= REPLICAS
    assert max(replicas for _, replicas in seen) == REPLICAS + surge(REPLICAS)
    # What the engines wait by is in the object itself: the direct one here, Pulumi's provider by the same annotation.
    assert time_limit(live()) == rollout_seconds(REPLICAS) > REPLICAS * 60
    with connect(cluster.kubeconfig, cluster.context) as connected:
        await_rollout(Client(connected), live(), Masker(()), seconds=time_limit(live()), say=lambda _: None)
