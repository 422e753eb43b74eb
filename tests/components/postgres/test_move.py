"""A database beside the live one, as it is rendered at each step of a move, and what the settings refuse of it."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.deployment.begins_empty import begins_empty
from components.deployment.kept_data import named, replacing_changes
from components.settings import budget
from flagops.evaluation.generated import Placeholders
from tests.components.network.clusters import clustered as isolated
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, environment, record

OPERATORS = ["postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1", "monitoring.coreos.com/v1"]
IMPORT_STEPS = ("prepared", "stopped", "copying")
PAUSED = "cnpg.io/reconciliationLoop"


def moving(mode: str, step: str, **values: object) -> Recording:
    """A stack whose data goes from `mode` to the other one, or has come from there."""
    return record("local", {**values, **stated(mode, step), "apiVersions": OPERATORS}, generated=Placeholders())


def stated(mode: str, step: str) -> dict[str, Any]:
    other = "embedded" if mode == "cloudnativepg" else "cloudnativepg"
    cluster = {"instances": 3, "pooler": {"enabled": True}}
    move = {"beside": other, "step": step}
    return {"postgres": {"mode": mode, "maxConnections": 120, "cluster": cluster, "move": move}}


def urns(recording: Recording, kind: str) -> Mapping[str, Any]:
    return {urn: item for urn, item in recording.registrations.items() if item.inputs.get("kind") == kind}


@pytest.mark.parametrize("step", IMPORT_STEPS)
def test_a_new_cluster_begins_with_what_the_embedded_server_holds_once_it_may_begin(step: str) -> None:
    found = moving("embedded", step)
    cluster = found.one("Cluster", "flagsmith-pg")
    initial = cluster["spec"]["bootstrap"]["initdb"]
    assert initial["import"]["type"] == "microservice"
    assert initial["import"]["source"] == {"externalCluster": "embedded"}
    assert initial["owner"] == "flagsmith_administrator"
    assert initial["dataChecksums"] is True
    (source,) = cluster["spec"]["externalClusters"]
    assert source["connectionParameters"] == {
        "host": "flagsmith-postgres",
        "port": "5432",
        "user": "flagsmith_a",
        "dbname": "flagsmith",
        "sslmode": "verify-full",
    }
    assert source["password"] == {"name": "flagsmith-database", "key": "password"}
    assert source["sslRootCert"] == {"name": "flagsmith-move-source", "key": "ca.crt"}
    annotations = cluster["metadata"].get("annotations") or {}
    assert annotations.get(PAUSED) == (None if step == "copying" else "disabled")
    assert "pulumi.com/waitFor" not in annotations
    # What has not begun is never ready: a deployment that waited for it would not end.
    assert annotations["pulumi.com/skipAwait"] == "true"


def test_after_a_rotation_the_import_logs_in_as_flagsmith_does_then() -> None:
    found = record("local", {**stated("embedded", "prepared"), "rotations": {"database": 1}, "apiVersions": OPERATORS})
    (source,) = found.one("Cluster", "flagsmith-pg")["spec"]["externalClusters"]
    assert source["connectionParameters"]["user"] == "flagsmith_b"


@pytest.mark.parametrize("step", IMPORT_STEPS)
@pytest.mark.parametrize("mode", ["embedded", "cloudnativepg"])
def test_while_data_is_brought_over_flagsmith_stays_where_it_is(mode: str, step: str) -> None:
    """No pod of the API is replaced: the ways in, the tasks and what moves the data are all that changes."""
    alone = {"mode": mode, "maxConnections": 120}
    if mode == "cloudnativepg":
        alone["cluster"] = {"instances": 3, "pooler": {"enabled": True}}
    before = record("local", {"postgres": alone, "apiVersions": OPERATORS}, generated=Placeholders())
    now = moving(mode, step)
    assert now.one("Deployment", "flagsmith") == before.one("Deployment", "flagsmith")
    jobs = ("flagsmith-roles-", "flagsmith-migrate-", "flagsmith-grants-")
    assert [now.starting("Job", name) for name in jobs] == [before.starting("Job", name) for name in jobs]
    tasks = now.one("Deployment", "flagsmith-task-processor")["spec"]["replicas"]
    assert (tasks == 0) is (step != "prepared")


@pytest.mark.parametrize("mode", ["embedded", "cloudnativepg"])
def test_both_databases_are_the_same_resources_before_and_after(mode: str) -> None:
    """Neither is made anew when the other becomes the live one: to Pulumi they are who they were."""
    other = "embedded" if mode == "cloudnativepg" else "cloudnativepg"
    before, after = moving(mode, "copying"), moving(other, "switching")
    for kind in ("Cluster", "StatefulSet", "PersistentVolumeClaim", "Secret"):
        old, new = urns(before, kind), urns(after, kind)
        gone = {urn for urn in old.keys() - new.keys() if "flagsmith-metrics" not in urn}
        assert not gone, kind
        for urn in old.keys() & new.keys():
            assert replacing_changes(old[urn].inputs, new[urn].inputs) == [], urn


def test_the_step_logs_in_to_both_as_their_administrators_and_is_there_for_that_time_alone() -> None:
    template = moving("embedded", "stopped").one("CronJob", "flagsmith-move")["spec"]["jobTemplate"]["spec"]["template"]
    found = environment(template)
    assert (found["LIVE_HOST"], found["LIVE_USER"], found["LIVE_SSLMODE"]) == (
        "flagsmith-postgres",
        "postgres",
        "prefer",
    )
    beside = (found["BESIDE_HOST"], found["BESIDE_USER"], found["BESIDE_SSLMODE"])
    assert beside == ("flagsmith-pg-rw", "flagsmith_administrator", "verify-full")
    (authority,) = (item for item in template["spec"]["volumes"] if item["name"] == "postgres-ca")
    # The operator makes it with the Cluster, which comes later than the first step.
    assert authority["secret"]["optional"] is True
    for step in ("kept", "released"):
        names = {item.ref.name for item in moving("cloudnativepg", step).program.objects}
        assert not names & {"flagsmith-move", "flagsmith-closed"}, step


@pytest.mark.parametrize("step", ["switching", "kept", "released"])
def test_the_database_of_before_stays_protected_and_as_it_is_until_it_is_released(step: str) -> None:
    held = step != "released"
    claim = moving("cloudnativepg", step, protect=True).object("PersistentVolumeClaim", "flagsmith-postgres-data")
    assert claim.protect is held
    cluster = moving("embedded", step, protect=True).object("Cluster", "flagsmith-pg")
    assert (cluster.protect, cluster.retain) == (held, held)
    assert cluster.ignored == ("spec",)


def test_what_was_never_live_goes_when_the_move_is_given_up() -> None:
    for step in IMPORT_STEPS:
        found = moving("embedded", step, protect=True)
        cluster = found.object("Cluster", "flagsmith-pg")
        assert (cluster.protect, cluster.retain) == (False, False)
        assert found.object("PersistentVolumeClaim", "flagsmith-postgres-data").protect


def ways(recording: Recording) -> dict[str, str]:
    (rule,) = recording.one("Ingress", "flagsmith")["spec"]["rules"]
    return {item["path"]: item["backend"]["service"]["name"] for item in rule["http"]["paths"]}


@pytest.mark.parametrize("step", IMPORT_STEPS)
def test_what_may_write_leads_to_a_service_without_pods(step: str) -> None:
    found = moving("embedded", step, ingress={"enabled": True, "className": "traefik", "tls": {"from": "none"}})
    if step == "prepared":
        assert ways(found) == {"/": "flagsmith", "/metrics": "flagsmith-unpublished"}
        return
    assert ways(found) == {
        "/api/v1/flags": "flagsmith",
        "/api/v1/identities": "flagsmith",
        "/api/v1/environment-document": "flagsmith",
        "/health": "flagsmith",
        "/metrics": "flagsmith-unpublished",
        "/": "flagsmith-closed",
    }
    assert "selector" not in found.one("Service", "flagsmith-closed")["spec"]


def test_a_route_of_the_gateway_api_is_closed_in_the_same_way() -> None:
    gateway = {"enabled": True, "className": "envoy", "tls": {"from": "none"}}
    found = record(
        "local",
        {
            **stated("embedded", "stopped"),
            "gateway": gateway,
            "apiVersions": [*OPERATORS, "gateway.networking.k8s.io/v1"],
        },
    )
    rules = found.one("HTTPRoute", "flagsmith")["spec"]["rules"]
    backends = {
        rule["matches"][0]["path"]["value"]: [item["name"] for item in rule.get("backendRefs", ())] for rule in rules
    }
    assert backends["/"] == ["flagsmith-closed"]
    assert backends["/api/v1/flags"] == ["flagsmith"]
    assert backends["/metrics"] == []


def policies(mode: str, step: str) -> dict[str, Any]:
    values = isolated(instances=3, pooler={"enabled": True})
    postgres: Any = {**values["postgres"], "mode": mode, "maxConnections": 200}  # type: ignore[dict-item]
    postgres["move"] = stated(mode, step)["postgres"]["move"]
    found = record(
        "production", {**values, "postgres": postgres, "namespace": {"quota": {"persistentVolumeClaims": 30}}}
    )
    return {item["metadata"]["name"]: item["spec"] for item in found.all("NetworkPolicy")}


def peers(policy: Mapping[str, Any], direction: str) -> str:
    return str(policy.get(direction))


def test_the_ways_of_the_import_are_open_while_it_goes_on_and_closed_again() -> None:
    embedded, cluster = "flagsmith-database", "flagsmith-database-cluster"
    during, after = policies("embedded", "copying"), policies("cloudnativepg", "kept")
    assert "cnpg.io/cluster" in peers(during[embedded], "ingress")
    assert "database-move" in peers(during[embedded], "ingress")
    assert "database-move" in peers(during[cluster], "ingress")
    assert "flagsmith-database-move" in during
    assert "flagsmith-database-move" not in after
    assert embedded not in after or "cnpg.io/cluster" not in peers(after[embedded], "ingress")
    assert "database-move" not in str(after)


@pytest.mark.parametrize("mode", ["embedded", "cloudnativepg"])
def test_while_flagsmith_switches_its_pods_reach_both(mode: str) -> None:
    api = peers(policies(mode, "switching")["flagsmith-api"], "egress")
    assert "'app.kubernetes.io/component': 'database'" in api
    assert "cnpg.io/poolerName" in api


def test_a_mode_that_changes_under_a_move_gives_no_database_up() -> None:
    for mode in ("embedded", "cloudnativepg"):
        values = {**stated(mode, "kept"), "apiVersions": OPERATORS}
        held = named(settings(**values))
        assert {("PersistentVolumeClaim", "flagsmith-postgres-data"), ("Cluster", "flagsmith-pg")} <= held


def test_a_mode_that_nothing_was_moved_to_is_told_from_one_that_has_the_data() -> None:
    values = settings(**stated("cloudnativepg", "kept"), apiVersions=OPERATORS)
    only_embedded = begins_empty(values, lambda kind, _: kind == "PersistentVolumeClaim")
    assert only_embedded is not None
    assert "Cluster flagsmith-pg" in only_embedded
    assert "ff db move" in only_embedded
    assert begins_empty(values, lambda *_: True) is None
    assert begins_empty(values, lambda *_: False) is None


@pytest.mark.parametrize(
    ("postgres", "said"),
    [
        ({"move": {"beside": "embedded", "step": "kept"}}, "postgres.move.beside"),
        ({"mode": "external", "existingSecret": "db", "move": {"beside": "embedded", "step": "kept"}}, "postgres.move"),
        ({"existingSecret": "db", "move": {"beside": "cloudnativepg", "step": "prepared"}}, "postgres.existingSecret"),
        ({"move": {"beside": "cloudnativepg", "step": "half"}}, "postgres.move.step"),
        ({"cluster": {"instances": 2}}, "postgres.cluster"),
    ],
)
def test_what_makes_no_sense_is_refused(postgres: dict[str, Any], said: str) -> None:
    assert any(said in line for line in refusal(postgres=postgres))


def test_the_room_that_both_take_is_counted() -> None:
    alone, both = (settings(postgres=found["postgres"]) for found in (plain(), stated("embedded", "kept")))
    assert budget.need(both)["persistentvolumeclaims"] > budget.need(alone)["persistentvolumeclaims"]
    assert budget.need(both)["requests.memory"] > budget.need(alone)["requests.memory"]


def plain() -> dict[str, Any]:
    return {"postgres": {"mode": "embedded", "maxConnections": 120}}
