"""Handing the number of API pods to an autoscaler and back, without ever having too few."""

import pytest

from flagops.engines.direct.results import Operation
from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith"
AUTOSCALER = f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers/flagsmith"
AUTOSCALED = {"autoscaling": {"enabled": True}}
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


@pytest.fixture
def autoscaled(platform: Platform) -> Platform:
    """The platform with an autoscaler, and no other setting of it changed."""
    platform.ensure(AUTOSCALED)
    return platform


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
    # With a new pod template at the same time, since that is when pods come and go.
    deployed.up({**AUTOSCALED, "env": {"LOGIN_THROTTLE_RATE": "7/min"}})
    scales = deployed.scales(since)
    assert {wanted for wanted, _ in scales} == {3}
    assert min(available for _, available in scales) == 3
    assert not {pod["metadata"]["uid"] for pod in deployed.pods("api")} & before

    deployed.up()
    assert deployed.http.get(AUTOSCALER).status_code == 404
    assert all(wanted == 3 and available >= 3 for wanted, available in deployed.scales(since))


def test_a_second_run_with_an_autoscaler_changes_nothing(autoscaled: Platform) -> None:
    before = autoscaled.get(DEPLOYMENT)["metadata"]["generation"]
    changes = {
        f"{change.ref.kind}/{change.ref.name}": change for change in autoscaled.engine(AUTOSCALED).preview().changes
    }
    assert changes["Deployment/flagsmith"].action is Operation.UNCHANGED
    assert changes["HorizontalPodAutoscaler/flagsmith"].action is Operation.UNCHANGED
    result = autoscaled.up(AUTOSCALED)
    assert not result.changed
    assert autoscaled.get(DEPLOYMENT)["metadata"]["generation"] == before


def test_what_the_autoscaler_has_set_is_left_alone_by_every_later_run(autoscaled: Platform) -> None:
    scale(autoscaled, 5)
    since = autoscaled.revision()

    autoscaled.up({**AUTOSCALED, "env": {"LOGIN_THROTTLE_RATE": "8/min"}})

    assert owners_of_replicas(autoscaled) == {"autoscaler"}
    assert {wanted for wanted, _ in autoscaled.scales(since)} == {5}
    assert autoscaled.available() == 5


def test_a_stated_number_takes_over_from_the_autoscaler(autoscaled: Platform) -> None:
    scale(autoscaled, 5)

    autoscaled.up({"replicas": 4})

    assert autoscaled.get(DEPLOYMENT)["spec"]["replicas"] == 4
    assert owners_of_replicas(autoscaled) == {"ff-direct"}
    assert autoscaled.http.get(AUTOSCALER).status_code == 404


def test_a_first_deployment_reaches_the_minimum_without_any_metrics(platform: Platform) -> None:
    platform.engine().down()
    platform.up(AUTOSCALED)

    def the_minimum_is_available() -> bool:
        return platform.available() == 3

    eventually(the_minimum_is_available, seconds=60)
    conditions = {item["type"]: item["status"] for item in platform.get(AUTOSCALER)["status"]["conditions"]}
    assert conditions["AbleToScale"] == "True"
    platform.up({**AUTOSCALED, "env": {"LOGIN_THROTTLE_RATE": "7/min"}})
    assert platform.available() == 3
