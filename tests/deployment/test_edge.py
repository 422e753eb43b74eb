"""The edge on the cluster: it comes and goes without a trace, and its proxies that have documents stay."""

import pytest

from flagops.errors import OpsError
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

EDGE = {"edge": {"enabled": True}}
# One that never becomes ready, as one that starts while Flagsmith is away.
COLD = {"edge": {"enabled": True, "version": "0.0.0"}}
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
    assert {f"{ref.kind}/{ref.name}" for ref in result.deleted} >= made - {
        made_again for made_again in made if made_again.startswith("Job/")
    }
    assert deployed.generations() == before


def test_a_rollout_of_proxies_that_do_not_get_ready_keeps_those_that_are(deployed: Platform) -> None:
    deployed.up(EDGE)
    warm = {pod["metadata"]["uid"] for pod in deployed.pods("edge")}
    with pytest.raises(OpsError, match="flagsmith-edge"):
        deployed.up(COLD)
    assert warm < {pod["metadata"]["uid"] for pod in deployed.pods("edge")}
    status = deployed.get(DEPLOYMENT)["status"]
    assert status["availableReplicas"] == 2

    # A drain may take one of them, and then none more: the others that are there have no documents.
    names = [pod["metadata"]["name"] for pod in deployed.pods("edge") if pod["metadata"]["uid"] in warm]
    answers = []
    for name in names:
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction"
        answers.append(deployed.http.post(path, json={**EVICTION, "metadata": {"name": name}}).status_code)
    assert answers == [201, 429]
    deployed.up()
