"""Handing the number of API pods to an autoscaler and back, without ever having too few."""

import pytest

from flagops.engines.direct.results import Operation
from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith"
AUTOSCALER = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers/flagsmith"
AUTOSCALED = {"autoscaling": {"enabled": True}}
RATED = {"env": {"LOGIN_THROTTLE_RATE": "8/min"}}
MERGE = {"Content-Type": "application/merge-patch+json"}


def owners_of_replicas(platform: Platform) -> set[str]:
    managers = platform.get(DEPLOYMENT)["metadata"]["managedFields"]
    return {entry["manager"] for entry in managers if "f:replicas" in entry["fieldsV1"].get("f:spec", {})}


def scale(platform: Platform, replicas: int) -> None:
    """As an autoscaler does it: through the Deployment's scale."""
    change = {"spec": {"replicas": replicas}}
    query = {"fieldManager": "autoscaler"}
    platform.http.patch(f"{DEPLOYMENT}/scale", json=change, headers=MERGE, params=query).raise_for_status()

    def the_replicas_are_available() -> bool:
        return platform.available() == replicas

    eventually(the_replicas_are_available)


def test_an_autoscaler_takes_over_without_a_pod_less(deployed: Platform) -> None:
    since, before = deployed.revision(), {pod["metadata"]["uid"] for pod in deployed.pods("api")}

    changes = [c for c in deployed.engine(AUTOSCALED).preview().changes if c.action is not Operation.UNCHANGED]
    # And the record of what is deployed, which has one object more; a rollout of as many pods as there may be then adds
    # more at once, and may take longer.
    assert {(change.action, f"{change.ref.kind}/{change.ref.name}") for change in changes} == {
        (Operation.CREATE, "HorizontalPodAutoscaler/flagsmith"),
        (Operation.UPDATE, "ConfigMap/flagsmith-deployment"),
        (Operation.UPDATE, "Deployment/flagsmith"),
    }
    result = deployed.up(AUTOSCALED)

    assert [f"{ref.kind}/{ref.name}" for ref in result.created] == ["HorizontalPodAutoscaler/flagsmith"]
    assert not deployed.up(AUTOSCALED).changed
    # With a new pod template at the same time, since that is when pods come and go.
    deployed.up({**AUTOSCALED, "env": {"LOGIN_THROTTLE_RATE": "7/min"}})
    scales = deployed.scales(since)
    assert {wanted for wanted, _ in scales} == {3}
    assert min(available for _, available in scales) == 3
    assert not {pod["metadata"]["uid"] for pod in deployed.pods("api")} & before

    deployed.up()
    assert deployed.http.get(AUTOSCALER).status_code == 404
    assert all(wanted == 3 and available >= 3 for wanted, available in deployed.scales(since))


def test_from_a_first_deployment_to_a_stated_number(platform: Platform) -> None:
    """Each step goes on from the one before, as people do it."""
    platform.engine().down()
    platform.up(AUTOSCALED)

    def the_minimum_is_available() -> bool:
        return platform.available() == 3

    # Without any metrics.
    eventually(the_minimum_is_available, seconds=60)
    conditions = {item["type"]: item["status"] for item in platform.get(AUTOSCALER)["status"]["conditions"]}
    assert conditions["AbleToScale"] == "True"

    # A second run changes nothing.
    before = platform.get(DEPLOYMENT)["metadata"]["generation"]
    changes = {f"{item.ref.kind}/{item.ref.name}": item for item in platform.engine(AUTOSCALED).preview().changes}
    assert changes["Deployment/flagsmith"].action is Operation.UNCHANGED
    assert changes["HorizontalPodAutoscaler/flagsmith"].action is Operation.UNCHANGED
    assert not platform.up(AUTOSCALED).changed
    assert platform.get(DEPLOYMENT)["metadata"]["generation"] == before

    # A run with another pod template, before anybody has scaled.
    platform.up({**AUTOSCALED, "env": {"LOGIN_THROTTLE_RATE": "7/min"}})
    assert platform.available() == 3

    # What the autoscaler has set is left alone by every later run.
    scale(platform, 5)
    since = platform.revision()
    platform.up({**AUTOSCALED, **RATED})
    assert owners_of_replicas(platform) == {"autoscaler"}
    assert {wanted for wanted, _ in platform.scales(since)} == {5}
    assert platform.available() == 5

    # A stated number takes over from it.
    platform.up({**RATED, "replicas": 4})
    assert platform.get(DEPLOYMENT)["spec"]["replicas"] == 4
    assert owners_of_replicas(platform) == {"ff-direct"}
    assert platform.http.get(AUTOSCALER).status_code == 404
