"""The edge on the cluster: it comes and goes without a trace, and its proxies that have documents stay."""

import pytest

from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

EDGE = {"edge": {"enabled": True}}
# One that never becomes ready, as one that starts while Flagsmith is away.
COLD = "flagsmith/edge-proxy:0.0.0"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith-edge"
EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction"}


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
    pod = {"containers": [{"name": "edge-proxy", "image": COLD}]}
    change = {"spec": {"template": {"spec": pod}}}
    strategic = {"Content-Type": "application/strategic-merge-patch+json"}
    deployed.http.patch(DEPLOYMENT, json=change, headers=strategic).raise_for_status()

    def a_cold_one_is_there() -> bool:
        return len(deployed.pods("edge")) == 3

    eventually(a_cold_one_is_there)
    assert set(warm) < {pod["metadata"]["uid"] for pod in deployed.pods("edge")}
    assert deployed.get(DEPLOYMENT)["status"]["availableReplicas"] == 2

    # A drain may take one of them, and then none more: what is made in its place has no documents.
    answers = []
    for name in warm.values():
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction"
        answers.append(deployed.http.post(path, json={**EVICTION, "metadata": {"name": name}}).status_code)
    assert answers == [201, 429]
    deployed.up()
