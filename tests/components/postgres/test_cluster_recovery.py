"""A Cluster that is recovered beside the one before, as it is rendered, and what the settings refuse of it."""

from typing import Any

import pytest

from components.deployment.kept_data import replacing_changes
from components.settings import budget
from tests.components.network.clusters import clustered as isolated
from tests.components.network.evaluator import selected
from tests.components.postgres.test_cluster import S3, WHOLE, clustered
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, record

MOMENT = "2026-11-28T13:05:00Z"
AFTER = {**WHOLE, "name": "flagsmith-pg-2", "kept": ["flagsmith-pg"]}
RECOVERED = {**AFTER, "recovery": {"cluster": "flagsmith-pg", "targetTime": MOMENT}}
QUOTA = {"quota": {"persistentVolumeClaims": 30}}


def after(cluster: dict[str, Any]) -> Recording:
    return clustered(cluster, backup={"s3": S3}, namespace=QUOTA)


def test_it_begins_with_what_was_archived_up_to_the_moment_and_archives_to_a_place_of_its_own() -> None:
    spec = after(RECOVERED).one("Cluster", "flagsmith-pg-2")["spec"]
    assert spec["bootstrap"] == {
        "recovery": {
            "source": "origin",
            "database": "flagsmith",
            "owner": "flagsmith_administrator",
            "secret": {"name": "flagsmith-pg-owner"},
            "recoveryTarget": {"targetTime": MOMENT},
        }
    }
    (origin,) = spec["externalClusters"]
    assert origin["name"] == "origin"
    assert origin["plugin"]["parameters"] == {"barmanObjectName": "flagsmith-pg", "serverName": "flagsmith-pg-17"}
    (plugin,) = spec["plugins"]
    assert plugin["parameters"]["serverName"] == "flagsmith-pg-2-17"


def test_without_a_moment_it_goes_to_the_end_of_the_archive() -> None:
    spec = after({**AFTER, "recovery": {"cluster": "flagsmith-pg"}}).one("Cluster", "flagsmith-pg-2")["spec"]
    assert "recoveryTarget" not in spec["bootstrap"]["recovery"]


def test_the_one_before_stays_the_same_resource_protected_and_as_it_is() -> None:
    before, now = clustered(WHOLE, backup={"s3": S3}), after(RECOVERED)
    (urn,) = (urn for urn, item in before.registrations.items() if item.inputs.get("kind") == "Cluster")
    kept = now.registrations[urn]
    assert kept.retain
    assert kept.ignored == ("spec",)
    assert replacing_changes(before.registrations[urn].inputs, kept.inputs) == []


def test_flagsmith_goes_to_the_new_one_and_the_old_one_has_no_pooler_and_no_backups_any_more() -> None:
    found = after(RECOVERED)
    assert {item["metadata"]["name"] for item in found.all("Pooler")} == {"flagsmith-pg-2-pooler"}
    assert {item["spec"]["cluster"]["name"] for item in found.all("ScheduledBackup")} == {"flagsmith-pg-2"}
    job = found.starting("Job", "flagsmith-roles-")["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "PGHOST", "value": "flagsmith-pg-2-rw"} in job["env"]
    # All that looks at the database runs again on the new one.
    old = clustered(WHOLE, backup={"s3": S3})
    for prefix in ("flagsmith-roles-", "flagsmith-migrate-", "flagsmith-bootstrap-", "flagsmith-grants-"):
        names = {item.starting("Job", prefix)["metadata"]["name"] for item in (old, found)}
        assert len(names) == 2, prefix


def test_while_flagsmith_moves_its_pods_reach_the_one_before_and_its_pooler_as_well_as_the_new_one() -> None:
    """The policies change first, and the pods are replaced last: what asks the old Cluster must not be cut off."""

    def policies(cluster: dict[str, Any]) -> dict[str, Any]:
        values = isolated(**{**cluster, "backup": {"enabled": True}})
        values["postgres"] = {**values["postgres"], "maxConnections": 200}  # type: ignore[dict-item]
        found = record("production", {**values, "backup": {"s3": S3}, "namespace": QUOTA})
        return {item["metadata"]["name"]: item["spec"] for item in found.all("NetworkPolicy")}

    before, now = policies(WHOLE), policies(AFTER)
    assert before == now
    for name, labels in (
        ("flagsmith-database-cluster", {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"}),
        ("flagsmith-pooler", {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/poolerName": "flagsmith-pg-pooler"}),
    ):
        selecting = {key for key, spec in now.items() if spec["podSelector"] and selected(spec["podSelector"], labels)}
        assert selecting == {name}


def test_both_count_in_the_quota() -> None:
    values: dict[str, Any] = {"size": "small", "namespace": QUOTA, "backup": {"s3": S3}}
    cluster = {"instances": 2, "backup": {"enabled": True}}
    one = settings(**values, postgres={"mode": "cloudnativepg", "cluster": cluster})
    two = settings(**values, postgres={"mode": "cloudnativepg", "cluster": {**cluster, "kept": ["before"]}})
    assert budget.need(two)["pods"] == budget.need(one)["pods"] + 3
    assert budget.need(two)["persistentvolumeclaims"] == budget.need(one)["persistentvolumeclaims"] + 6


@pytest.mark.parametrize(
    ("cluster", "key", "reason"),
    [
        ({"recovery": {"cluster": "flagsmith-pg"}}, "postgres.cluster.recovery.cluster", "Give it another name"),
        ({"recovery": {"cluster": "before"}}, "postgres.cluster.recovery", "goes with postgres.cluster.backup.enabled"),
        ({"recovery": {}}, "postgres.cluster.recovery.cluster", "required"),
        ({"recovery": {"cluster": "before", "targetTime": "now"}}, "postgres.cluster.recovery.targetTime", "in UTC"),
        (
            {"recovery": {"cluster": "before", "targetTime": "2026-13-28T13:05:00Z"}},
            "postgres.cluster.recovery.targetTime",
            "in UTC",
        ),
        ({"kept": ["flagsmith-pg"]}, "postgres.cluster.kept[0]", "is postgres.cluster.name itself"),
        ({"kept": ["before", "before"]}, "postgres.cluster.kept[1]", "is given twice"),
    ],
    ids=str,
)
def test_what_cannot_be_recovered_or_kept_is_refused(cluster: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refusal(namespace=QUOTA, postgres={"mode": "cloudnativepg", "cluster": cluster})
    assert line.startswith(f"feature-flags:{key}"), line
    assert reason in line
