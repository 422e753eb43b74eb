"""What a deployment does to a running platform: everything once, then only what changed, and never too few pods."""

import pytest

from flagops.errors import OpsError
from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform, cordoned, evict

pytestmark = pytest.mark.cluster

ZONE = "topology.kubernetes.io/zone"


def zones_of(platform: Platform) -> list[str]:
    nodes = {node["metadata"]["name"]: node["metadata"]["labels"][ZONE] for node in platform.items("/api/v1/nodes")}
    return sorted(nodes[pod["spec"]["nodeName"]] for pod in platform.pods("api"))


def test_the_first_deployment_rolls_out_three_replicas_in_three_zones(deployed: Platform) -> None:
    # Anew: replicas that are left after scaling down may well sit in two zones, whatever the spread.
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith"
    deployed.http.delete(path, params={"propagationPolicy": "Background"}).raise_for_status()

    def no_pod_is_left() -> bool:
        return not deployed.pods("api")

    eventually(no_pod_is_left)
    deployed.up()
    status = deployed.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")["status"]
    assert (status["replicas"], status["availableReplicas"], status["updatedReplicas"]) == (3, 3, 3)
    assert len(set(zones_of(deployed))) == 3
    jobs = deployed.items(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")
    assert {job["status"]["succeeded"] for job in jobs} == {1}
    assert len(jobs) == 6


def test_a_second_run_moves_no_resource_version(deployed: Platform) -> None:
    before = deployed.versions()
    assert len(before) > 25
    result = deployed.up()
    assert not result.changed
    assert deployed.versions() == before


def test_a_setting_of_redis_rolls_redis_and_more_replicas_restart_none_of_those_there(deployed: Platform) -> None:
    before, pods = deployed.generations(), {pod["metadata"]["name"] for pod in deployed.pods("api")}
    deployed.up({"redis": {"evictionPolicy": "allkeys-lfu"}})
    after = deployed.generations()
    assert {name for name in after if after[name] != before[name]} == {"flagsmith-redis"}
    deployed.up({"redis": {"evictionPolicy": "allkeys-lfu"}, "replicas": 4})
    more = {pod["metadata"]["name"] for pod in deployed.pods("api")}
    assert pods < more
    assert len(more) == 4


def test_many_rollouts_never_leave_fewer_than_three_available_and_end_in_three_zones(deployed: Platform) -> None:
    fewest, looks = deployed.available(), 0

    def watch(_: object) -> None:
        nonlocal fewest, looks
        looks += 1
        fewest = min(fewest, deployed.available())

    for attempt in range(4):
        engine = deployed.engine({"env": {"LOGIN_THROTTLE_RATE": f"{attempt + 1}/min"}})
        engine._on_event = watch  # noqa: SLF001 the engine of this test only
        engine.up()
        assert len(set(zones_of(deployed))) == 3, f"after rollout {attempt + 1}"
    assert looks > 40
    assert fewest == 3


def test_a_component_that_is_switched_off_is_deleted_and_the_rest_stays(deployed: Platform) -> None:
    before = deployed.generations()
    deployed.up({"ingress": {"defaultClass": True, "tls": {"from": "none"}}})
    result = deployed.up({"ingress": {"enabled": False}})
    assert {f"{ref.kind}/{ref.name}" for ref in result.deleted} == {
        "Ingress/flagsmith",
        "Service/flagsmith-unpublished",
    }
    assert deployed.items(f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses") == []
    assert set(deployed.generations()) == set(before)


def test_draining_a_node_never_leaves_fewer_than_two_api_pods(deployed: Platform) -> None:
    node = deployed.pods("api")[0]["spec"]["nodeName"]
    fewest = deployed.available()

    def the_node_is_drained() -> bool:
        nonlocal fewest
        left = [pod for pod in deployed.pods("api") if pod["spec"].get("nodeName") == node]
        for pod in left:
            # 429: the budget does not allow it yet; 404: it has gone in between.
            assert evict(deployed, pod["metadata"]["name"]) in {201, 404, 429}
        fewest = min(fewest, deployed.available())
        return not left and deployed.available() == 3

    with cordoned(deployed, [node]):
        eventually(the_node_is_drained)
    assert fewest >= 2


def test_a_refused_setting_touches_nothing(deployed: Platform) -> None:
    before = deployed.versions()
    with pytest.raises(OpsError, match="feature-flags:replicas"):
        deployed.up({"replicas": 0})
    assert deployed.versions() == before


def test_a_bigger_volume_grows_in_place_and_down_leaves_nothing(deployed: Platform) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/flagsmith-postgres-data"
    before = deployed.get(path)["metadata"]["uid"]
    deployed.up({"postgres": {"storage": {"size": "2Gi"}}})
    claim = deployed.get(path)
    assert claim["metadata"]["uid"] == before
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"

    def the_volume_has_grown() -> bool:
        return str(deployed.get(path)["status"]["capacity"]["storage"]) == "2Gi"

    eventually(the_volume_has_grown)

    # Storage cannot shrink; the next test starts from a platform made anew.
    deployed.engine().down()
    assert deployed.http.get(f"/api/v1/namespaces/{NAMESPACE}").status_code == 404
    states = [item["metadata"]["name"] for item in deployed.items("/api/v1/namespaces/kube-system/secrets")]
    assert not [name for name in states if name.startswith("ff-direct")]
    assert deployed.items("/api/v1/persistentvolumes") == []
