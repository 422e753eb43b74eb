"""What CloudNativePG's real operator does with a Cluster and a Pooler, which the platform builds on."""

from collections.abc import Mapping
from http import HTTPStatus
from itertools import takewhile
from typing import Any

import pytest

from components.kit.names import CNPG_PAUSED
from tests.cloudnative_pg import GROUP, Operator
from tests.deployment.data_tier import (
    HEALTHY,
    NAME,
    NEWER_IMAGE,
    budgets,
    claims,
    cluster,
    image,
    is_ready,
    make,
    phases,
    pooler,
    pooler_status,
    settle,
    uids,
)
from tests.fixtures_cluster import eventually

pytestmark = pytest.mark.cluster


@pytest.fixture
def running(cnpg: Operator) -> str:
    """The name of the primary of a Cluster that has two instances and is well."""
    if (cnpg.namespace, NAME) not in cnpg.managers.clusters.items:
        make(cnpg, instances=2)
    settle(cnpg, lambda found, pods: found["status"]["readyInstances"] == 2 == len(pods))
    return str(cnpg.cluster(NAME)["status"]["currentPrimary"])


def test_a_cluster_comes_up_where_pod_security_enforces_restricted(cnpg: Operator) -> None:
    root = {"metadata": {"name": "root"}, "spec": {"containers": [{"name": "root", "image": "root"}]}}
    refused = cnpg.http.post(f"/api/v1/namespaces/{cnpg.namespace}/pods", json=root)
    assert refused.status_code == HTTPStatus.FORBIDDEN, "the namespace enforces nothing"
    make(cnpg, instances=2)
    settle(cnpg, lambda found, pods: found["status"]["readyInstances"] == 2 == len(pods))
    said = phases(cnpg.states(NAME))
    assert said[0] == "Setting up primary"
    assert "Creating a new replica" in said
    assert {item["metadata"]["name"] for item in cnpg.items("services")} == {"pg-rw", "pg-ro", "pg-r"}
    secrets = {item["metadata"]["name"] for item in cnpg.items("secrets")}
    assert secrets == {"pg-app", "pg-ca", "pg-server", "pg-replication"}
    assert budgets(cnpg) == {"pg-primary"}


def test_a_field_that_it_does_not_know_is_refused_by_its_definitions(cnpg: Operator) -> None:
    with pytest.raises(AssertionError, match=r"\.spec\.instance: field not declared in schema"):
        cnpg.apply(cluster("wrong", instance=2))


@pytest.mark.usefixtures("running")
def test_it_scales_up_and_down_and_takes_the_volume_with_the_instance(cnpg: Operator) -> None:
    before = claims(cnpg)
    make(cnpg, instances=3)
    settle(cnpg, lambda found, pods: found["status"]["readyInstances"] == 3 == len(pods))
    assert budgets(cnpg) == {"pg", "pg-primary"}
    assert before < claims(cnpg)
    make(cnpg, instances=2)
    settle(cnpg, lambda found, pods: found["status"]["readyInstances"] == 2 == len(pods))
    assert len(claims(cnpg)) == 2


def test_a_new_image_reaches_the_primary_last_and_ready_is_stale_at_first(cnpg: Operator, running: str) -> None:
    seen, had = len(cnpg.states(NAME)), cnpg.instances(NAME)
    make(cnpg, instances=2, imageName=NEWER_IMAGE)
    settle(cnpg, lambda _, pods: {image(pod) for pod in pods.values()} == {NEWER_IMAGE})
    states = cnpg.states(NAME)[seen:]
    stale = list(takewhile(is_ready, states))
    assert any(state["status"]["image"] == NEWER_IMAGE for state in stale), "Ready tells the truth"
    said = phases(states[len(stale) :])
    assert said.index("Upgrading cluster") < said.index("Primary instance is being restarted without a switchover")
    made = [pod["metadata"] for kind, pod in cnpg.managers.pods.events if kind == "ADDED"]
    order = [item["name"] for item in made if item["name"] in had and item["uid"] not in uids(had)]
    assert order[-1] == running
    assert sorted(order) == sorted(had)
    assert cnpg.cluster(NAME)["status"]["currentPrimary"] == running


@pytest.mark.usefixtures("running")
def test_a_parameter_that_is_loaded_again_restarts_nothing_and_changes_no_phase(cnpg: Operator) -> None:
    where, seen, had = (cnpg.namespace, NAME), len(cnpg.states(NAME)), cnpg.instances(NAME)
    make(cnpg, instances=2, imageName=NEWER_IMAGE, postgresql={"parameters": {"work_mem": "8MB"}})

    def every_instance_has_loaded_it() -> bool:
        return all(loaded.get("work_mem") == "8MB" for loaded in cnpg.managers.loaded(where))

    sessions = cnpg.managers.sessions(where)
    eventually(every_instance_has_loaded_it)
    settle(cnpg, lambda _, __: True)
    assert phases(cnpg.states(NAME)[seen:]) == [HEALTHY]
    assert uids(cnpg.instances(NAME)) == uids(had)
    assert cnpg.managers.sessions(where) == sessions


def test_a_parameter_of_the_start_restarts_a_replica_anew_and_the_primary_in_place(
    cnpg: Operator, running: str
) -> None:
    where, seen, had = (cnpg.namespace, NAME), len(cnpg.states(NAME)), cnpg.instances(NAME)
    sessions = cnpg.managers.sessions(where)
    parameters = {"work_mem": "8MB", "max_connections": "250"}
    make(cnpg, instances=2, imageName=NEWER_IMAGE, postgresql={"parameters": parameters})
    settle(cnpg, lambda _, __: "Primary instance is being restarted in-place" in phases(cnpg.states(NAME)[seen:]))
    said = phases(cnpg.states(NAME)[seen:])
    assert said.index("Applying configuration") < said.index("Upgrading cluster")
    kept = uids(had) & uids(cnpg.instances(NAME))
    assert kept == {had[running]["metadata"]["uid"]}
    assert cnpg.managers.sessions(where)[running] != sessions[running], "it was not restarted"


def test_a_lost_primary_is_replaced_by_a_replica(cnpg: Operator, running: str) -> None:
    cnpg.http.delete(f"/api/v1/namespaces/{cnpg.namespace}/pods/{running}").raise_for_status()
    settle(cnpg, lambda found, pods: found["status"]["currentPrimary"] != running and len(pods) == 2)
    roles = {name: pod["metadata"]["labels"]["cnpg.io/instanceRole"] for name, pod in cnpg.instances(NAME).items()}
    assert sorted(roles.values()) == ["primary", "replica"]
    assert roles[running] == "replica"


@pytest.mark.usefixtures("running")
def test_a_pooler_gets_a_service_and_pods_that_pod_security_takes(cnpg: Operator) -> None:
    cnpg.apply(pooler("pool", max_client_conn="100"))
    labels = {"cnpg.io/poolerName": "pool"}

    def the_pooler_is_active_and_its_pods_are_ready() -> bool:
        pods = cnpg.items("pods", **labels)
        return pooler_status(cnpg, "pool").get("phase") == "active" and [is_ready(pod) for pod in pods] == [True] * 2

    eventually(the_pooler_is_active_and_its_pods_are_ready)
    assert [item["metadata"]["name"] for item in cnpg.items("services", **labels)] == ["pool"]


@pytest.mark.usefixtures("running")
def test_a_pooler_with_a_parameter_that_is_not_allowed_says_so_in_its_status(cnpg: Operator) -> None:
    cnpg.apply(pooler("wrong", options="-c statement_timeout=1"))

    def the_pooler_says_what_is_wrong() -> bool:
        return "spec.cluster.parameters" in pooler_status(cnpg, "wrong").get("error", "")

    eventually(the_pooler_says_what_is_wrong)


@pytest.mark.parametrize(
    ("spec", "phase", "reason"),
    [
        (
            {"postgresql": {"parameters": {"port": "5433"}}},
            "Invalid cluster definition",
            "spec.postgresql.parameters.port",
        ),
        (
            {"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}]},
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
            "Unknown plugin: 'barman-cloud.cloudnative-pg.io'",
        ),
    ],
    ids=["parameter", "plugin"],
)
def test_what_goes_wrong_stands_in_the_phase_and_ends_nothing(
    cnpg: Operator, request: pytest.FixtureRequest, spec: Mapping[str, Any], phase: str, reason: str
) -> None:
    name = request.node.callspec.id
    cnpg.apply(cluster(name, **spec))

    def the_operator_says_so() -> bool:
        return any(
            state["status"].get("phase") == phase and reason in state["status"]["phaseReason"]
            for state in cnpg.states(name)
        )

    eventually(the_operator_says_so)
    assert not is_ready(cnpg.cluster(name))


def test_without_the_owner_s_secret_it_waits_for_ever_in_the_phase_of_a_start(cnpg: Operator) -> None:
    initdb = {"database": "flagsmith", "owner": "flagsmith", "secret": {"name": "not-there"}}
    cnpg.apply(cluster("secret", bootstrap={"initdb": initdb}))

    def its_pod_waits_for_the_secret() -> bool:
        pods = cnpg.items("pods", **{"cnpg.io/cluster": "secret", "cnpg.io/jobRole": "initdb"})
        states = [item["state"] for pod in pods for item in pod["status"].get("containerStatuses", ())]
        return [state["waiting"]["reason"] for state in states] == ["CreateContainerConfigError"]

    eventually(its_pod_waits_for_the_secret)
    status = cnpg.cluster("secret")["status"]
    assert status["phase"] == "Setting up primary"
    assert status["phaseReason"] == "Creating primary instance secret-1"
    assert not is_ready(cnpg.cluster("secret"))


def test_a_cluster_whose_loop_is_paused_gets_nothing_until_it_is_let_go(cnpg: Operator) -> None:
    """So `ff db move` declares a Cluster beside the live database, and its import begins when the data is at rest."""
    paused = cluster("paused")
    paused["metadata"]["annotations"] = {CNPG_PAUSED: "disabled"}
    cnpg.apply(paused)
    cnpg.apply(cluster("later"))

    def made(name: str) -> bool:
        return bool(cnpg.items("persistentvolumeclaims", **{"cnpg.io/cluster": name}))

    eventually(lambda: made("later"))
    assert not made("paused")
    assert "phase" not in cnpg.cluster("paused").get("status", {})
    cnpg.http.patch(
        f"{GROUP}/namespaces/{cnpg.namespace}/clusters/paused",
        json={"metadata": {"annotations": {CNPG_PAUSED: None}}},
        headers={"Content-Type": "application/merge-patch+json"},
    ).raise_for_status()
    eventually(lambda: made("paused"))


@pytest.mark.usefixtures("running")
def test_deleting_a_cluster_deletes_its_volumes(cnpg: Operator) -> None:
    """Its claims are owned by it, and their storage class gives a volume up with its claim."""
    owned = cnpg.items("persistentvolumeclaims", **{"cnpg.io/cluster": NAME})
    assert [[owner["kind"] for owner in item["metadata"]["ownerReferences"]] for item in owned] == [["Cluster"]] * 2
    volumes = [cnpg.platform.get(f"/api/v1/persistentvolumes/{item['spec']['volumeName']}") for item in owned]
    assert {item["spec"]["persistentVolumeReclaimPolicy"] for item in volumes} == {"Delete"}
    cnpg.http.delete(f"{GROUP}/namespaces/{cnpg.namespace}/clusters/{NAME}").raise_for_status()

    def its_claims_are_gone() -> bool:
        return not claims(cnpg)

    eventually(its_claims_are_gone)
