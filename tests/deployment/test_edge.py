"""The edge on the cluster: it comes and goes without a trace, and its proxies that have documents stay."""

import pytest

from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform, cordoned, evict

pytestmark = pytest.mark.cluster

EDGE = {"edge": {"enabled": True}}
# It never becomes ready, as a proxy that starts while Flagsmith is away (see flagops/local_cluster/stages.yaml).
FAIL = "kwok.feature-flags/fail"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith-edge"


def test_the_edge_comes_and_goes_and_nothing_else_is_touched(deployed: Platform) -> None:
    before = deployed.generations()
    result = deployed.up(EDGE)
    made = {f"{ref.kind}/{ref.name}" for ref in result.created}
    assert {
        "Deployment/flagsmith-edge",
        "PodDisruptionBudget/flagsmith-edge",
        "Secret/flagsmith-edge-keys",
        "Service/flagsmith-edge",
        "ServiceAccount/flagsmith-edge",
    } <= made
    assert {name: number for name, number in deployed.generations().items() if name != "flagsmith-edge"} == before
    assert len({pod["spec"]["nodeName"] for pod in deployed.pods("edge")}) == len(deployed.pods("edge")) == 2
    assert not deployed.up(EDGE).changed

    result = deployed.up()
    left = {name for name in made if not name.startswith("Job/")}
    assert {f"{ref.kind}/{ref.name}" for ref in result.deleted} >= left
    assert deployed.generations() == before


def test_a_rollout_of_proxies_that_do_not_get_ready_keeps_those_that_are(deployed: Platform) -> None:
    deployed.up(EDGE)
    warm = {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in deployed.pods("edge")}
    change = {"spec": {"template": {"metadata": {"annotations": {FAIL: "true"}}}}}
    merge = {"Content-Type": "application/merge-patch+json"}
    deployed.http.patch(DEPLOYMENT, json=change, headers=merge).raise_for_status()

    def a_cold_one_has_started_and_is_not_ready() -> bool:
        pods = {pod["metadata"]["uid"]: pod for pod in deployed.pods("edge")}
        cold = [pod for uid, pod in pods.items() if uid not in warm]
        return len(pods) == 3 and any(pod["status"].get("containerStatuses") for pod in cold)

    eventually(a_cold_one_has_started_and_is_not_ready)
    assert set(warm) < {pod["metadata"]["uid"] for pod in deployed.pods("edge")}
    assert deployed.get(DEPLOYMENT)["status"]["availableReplicas"] == 2

    # A drain may take one of them, and then none more: what is made in its place has no documents. Here it is not
    # even placed, since a simulated pod of the release of before would be ready at once.
    nodes = [node["metadata"]["name"] for node in deployed.items("/api/v1/nodes")]
    with cordoned(deployed, nodes):
        assert [evict(deployed, name) for name in warm.values()] == [201, 429]
    deployed.up()
