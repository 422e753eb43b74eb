"""The Cluster, its poolers and its archive as they are rendered, and what the program refuses to render."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.deployment.kept_data import replacing_changes
from components.kit.capabilities import Capabilities
from components.postgres.cluster import require_operator
from tests.components.settings.support import settings
from tests.recording import Recording, environment, record, recorded

OPERATORS = ["postgresql.cnpg.io/v1", "barmancloud.cnpg.io/v1", "monitoring.coreos.com/v1"]
S3 = {
    "bucket": "backups",
    "prefix": "flags",
    "region": "eu-west-1",
    "endpoint": "https://minio.example.com",
    "existingSecret": "s3",
}
ARCHIVED = {"enabled": True, "schedule": "0 15 3 * * *", "retention": "8w"}
WHOLE = {"instances": 3, "pooler": {"enabled": True}, "readReplicas": True, "backup": ARCHIVED}


def clustered(cluster: Mapping[str, Any] | None = None, **values: object) -> Recording:
    postgres = {"mode": "cloudnativepg", "maxConnections": 120, **({"cluster": dict(cluster)} if cluster else {})}
    return record("local", {"postgres": postgres, "apiVersions": OPERATORS, **values})


def whole() -> Recording:
    return clustered(WHOLE, backup={"s3": S3}, monitoring={"enabled": True})


def variables(recording: Recording, kind: str, prefix: str) -> dict[str, Any]:
    item = recording.starting(kind, prefix)
    template = item["spec"].get("template") or item["spec"]["jobTemplate"]["spec"]["template"]
    return environment(template)


def reference(value: Any) -> tuple[str, str]:
    return value["secretKeyRef"]["name"], value["secretKeyRef"]["key"]


def test_a_stack_that_does_not_ask_for_it_has_no_object_of_it() -> None:
    for stack in ("local", "staging", "production"):
        plain = recorded(stack)
        kinds = {item.ref.kind for item in plain.program.objects}
        assert not kinds & {"Cluster", "Pooler", "ScheduledBackup", "ObjectStore"}
        assert not {"flagsmith-pg-owner", "flagsmith-metrics"} & {item.ref.name for item in plain.program.objects}


def test_the_cluster_stands_in_the_place_of_the_embedded_server() -> None:
    found = clustered()
    names = {f"{item.ref.kind}/{item.ref.name}" for item in found.program.objects}
    assert "Cluster/flagsmith-pg" in names
    assert not names & {
        "StatefulSet/flagsmith-postgres",
        "Service/flagsmith-postgres",
        "PersistentVolumeClaim/flagsmith-postgres-data",
        "Secret/flagsmith-postgres",
        "ConfigMap/flagsmith-postgres-access",
        "Pooler/flagsmith-pg-pooler",
    }


def test_the_database_is_its_administrators_who_is_no_superuser_and_has_a_secret_that_the_operator_takes() -> None:
    found = clustered()
    spec = found.one("Cluster", "flagsmith-pg")["spec"]
    assert spec["enableSuperuserAccess"] is False
    initdb = spec["bootstrap"]["initdb"]
    assert (initdb["database"], initdb["owner"]) == ("flagsmith", "flagsmith_administrator")
    assert initdb["dataChecksums"] is True
    assert not any("SUPERUSER" in statement for statement in initdb["postInitSQL"])
    secret = found.one("Secret", initdb["secret"]["name"])
    assert secret["type"] == "kubernetes.io/basic-auth"
    assert secret["metadata"]["labels"]["cnpg.io/reload"] == "true"
    assert set(secret["data"]) == {"username", "password"}
    assert spec["postgresql"]["pg_hba"] == ["hostnossl all all all reject"]


def test_a_server_that_is_to_stop_asks_everybody_to_leave_at_once() -> None:
    """Pooled connections never leave by themselves; for the 180 s of the default nobody would be let in."""
    assert clustered().one("Cluster", "flagsmith-pg")["spec"]["smartShutdownTimeout"] == 0


def test_images_are_stated_and_locked_as_all_others() -> None:
    spec = whole().one("Cluster", "flagsmith-pg")["spec"]
    assert spec["imageName"] == "ghcr.io/cloudnative-pg/postgresql:17.10-system-trixie"
    digest = "sha256:" + "5" * 64
    pinned = clustered(
        {"image": f"registry.example.com/pg:17.9-system-trixie@{digest}", "version": "17.9-system-trixie"}
    )
    assert pinned.one("Cluster", "flagsmith-pg")["spec"]["imageName"].endswith(f"pg:17.9-system-trixie@{digest}")
    assert whole().one("Pooler", "flagsmith-pg-pooler")["spec"]["pgbouncer"]["image"].endswith("pgbouncer:1.25.1")


def test_one_server_has_no_budget_and_several_hand_over() -> None:
    one, three = (clustered({"instances": n}).one("Cluster", "flagsmith-pg")["spec"] for n in (1, 3))
    assert (one["enablePDB"], one["primaryUpdateMethod"]) == (False, "restart")
    assert (three["enablePDB"], three["primaryUpdateMethod"]) == (True, "switchover")
    assert "synchronous" not in one["postgresql"]
    assert three["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
        "failoverQuorum": True,
    }


def test_volumes_nodes_and_priorities_are_those_of_the_settings() -> None:
    scheduling = {
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "db", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}],
        "priorityClassName": "high",
    }
    postgres = {
        "mode": "cloudnativepg",
        "storage": {"size": "30Gi", "className": "fast"},
        "cluster": {"walStorage": {"size": "8Gi"}, "antiAffinity": "required", "parameters": {"log_statement": "ddl"}},
    }
    overrides = {"postgres": postgres, "scheduling": scheduling, "imagePullSecrets": ["pull"], "apiVersions": OPERATORS}
    spec = record("local", overrides).one("Cluster", "flagsmith-pg")["spec"]
    assert spec["storage"] == {"size": "30Gi", "storageClass": "fast", "resizeInUseVolumes": True}
    assert spec["walStorage"] == {"size": "8Gi", "storageClass": "fast", "resizeInUseVolumes": True}
    assert spec["affinity"] == {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": "required",
        "topologyKey": "kubernetes.io/hostname",
        "nodeSelector": {"disk": "fast"},
        "tolerations": scheduling["tolerations"],
    }
    assert spec["priorityClassName"] == "high"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert spec["postgresql"]["parameters"]["log_statement"] == "ddl"


def test_who_connects_checks_the_servers_certificate_against_the_clusters_authority() -> None:
    found = whole()
    seen = 0
    for item in found.program.objects:
        template = (item.manifest.get("spec") or {}).get("template") or {}
        job = ((item.manifest.get("spec") or {}).get("jobTemplate") or {}).get("spec", {}).get("template")
        pod = (job or template).get("spec") or {}
        for container in [*pod.get("containers", ()), *pod.get("initContainers", ())]:
            env = {entry["name"]: entry.get("value") for entry in container.get("env", ())}
            if not env.keys() & {"DATABASE_URL", "PGHOST", "DATA_SOURCE_NAME"}:
                continue
            seen += 1
            assert env["PGSSLMODE"] == "verify-full", (item.ref, container["name"])
            assert env["PGSSLROOTCERT"] == "/etc/flagsmith/postgres-ca/ca.crt"
            (volume,) = (volume for volume in pod["volumes"] if volume["name"] == "postgres-ca")
            assert volume["secret"]["secretName"] == "flagsmith-pg-ca"
            # The authority's own key is in that Secret too.
            assert [entry["key"] for entry in volume["secret"]["items"]] == ["ca.crt"]
    assert seen > 8


def test_the_cluster_outlives_its_resource_and_another_name_is_another_one() -> None:
    found = record(
        "production",
        {
            "postgres": {"mode": "cloudnativepg"},
            "apiVersions": OPERATORS,
            "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
        },
    )
    cluster = found.object("Cluster", "flagsmith-pg")
    assert cluster.retain
    assert cluster.protect
    urns = [
        {urn for urn, item in clustered({"name": name}).registrations.items() if item.inputs.get("kind") == "Cluster"}
        for name in ("flagsmith-pg", "other")
    ]
    assert urns[0].isdisjoint(urns[1])


def test_a_cluster_that_changes_in_all_but_its_name_stays_the_same_one() -> None:
    def cluster(recording: Recording) -> dict[str, Any]:
        found = {
            urn: item.inputs for urn, item in recording.registrations.items() if item.inputs.get("kind") == "Cluster"
        }
        assert len(found) == 1
        return found

    ((urn, before),) = cluster(clustered()).items()
    changed = {**WHOLE, "version": "17.9-trixie", "walStorage": {"size": "9Gi"}, "synchronous": {"number": 2}}
    ((same, after),) = cluster(clustered(changed, backup={"s3": S3}, size="medium", replicas=4)).items()
    assert same == urn
    assert replacing_changes(before, after) == []


def test_everything_that_asks_the_database_comes_after_the_cluster_and_the_api_after_the_poolers() -> None:
    found = whole()
    assert "ObjectStore/flagsmith-pg" in found.needed_by(found.object("Cluster", "flagsmith-pg"))
    roles = found.needed_by(found.object("Job", "flagsmith-roles-"))
    assert {"Cluster/flagsmith-pg", "Secret/flagsmith-pg-owner"} <= roles
    (deployment,) = (o for o in found.program.objects if o.ref.kind == "Deployment" and o.ref.name == "flagsmith")
    api = found.needed_by(deployment)
    assert {"Cluster/flagsmith-pg", "Pooler/flagsmith-pg-pooler"} <= api
    awaited = found.one("Cluster", "flagsmith-pg")["metadata"]["annotations"]["pulumi.com/waitFor"]
    assert awaited == "condition=Ready"


def test_metrics_are_those_of_the_servers_the_poolers_and_an_exporter_with_a_log_in_of_its_own() -> None:
    found = whole()
    selectors = {item["metadata"]["name"]: item["spec"]["selector"]["matchLabels"] for item in found.all("PodMonitor")}
    assert selectors["flagsmith-pg"] == {"cnpg.io/cluster": "flagsmith-pg", "cnpg.io/podRole": "instance"}
    assert selectors["flagsmith-pg-pooler"] == {"cnpg.io/poolerName": "flagsmith-pg-pooler"}
    exporter = variables(found, "Deployment", "flagsmith-postgres-exporter")
    assert reference(exporter["DATA_SOURCE_NAME"]) == ("flagsmith-metrics", "DATABASE_URL")
    assert reference(variables(found, "Job", "flagsmith-roles-")["METRICS_PASSWORD"]) == (
        "flagsmith-metrics",
        "password",
    )
    without = clustered(WHOLE, backup={"s3": S3}, monitoring={"enabled": True}, apiVersions=OPERATORS[:2])
    spec = without.one("Cluster", "flagsmith-pg")["spec"]
    assert spec["inheritedMetadata"]["annotations"]["prometheus.io/port"] == "9187"
    template = without.one("Pooler", "flagsmith-pg-pooler")["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "9127"


@pytest.mark.parametrize(
    ("served", "said"),
    [
        ([], "does not serve Cluster and Pooler and ScheduledBackup"),
        (
            [f"postgresql.cnpg.io/v1/{kind}" for kind in ("Cluster", "Pooler", "ScheduledBackup")],
            "is older than 1.30.0",
        ),
        (["postgresql.cnpg.io/v1"], "Barman Cloud plugin"),
    ],
    ids=["no operator", "an old one", "no plugin"],
)
def test_a_cluster_that_cannot_be_is_said_before_anything_is_made(served: list[str], said: str) -> None:
    asked = settings(
        postgres={"mode": "cloudnativepg", "maxConnections": 100, "cluster": {**WHOLE, "pooler": {"enabled": True}}},
        backup={"s3": S3},
    )
    with pytest.raises(pulumi.RunError, match=said) as caught:
        require_operator(asked, Capabilities(lambda: served))
    assert "feature-flags:postgres" in str(caught.value)
    require_operator(asked, Capabilities(lambda: OPERATORS))
