"""A Cluster of CloudNativePG in the settings: sizes, budgets, what is refused, and what is worth a warning."""

from typing import Any

import pytest

from components.settings import budget, warnings
from tests.components.settings.support import refusal, settings

S3 = {"bucket": "backups", "existingSecret": "s3"}


def clustered(cluster: dict[str, Any] | None = None, **postgres: object) -> dict[str, Any]:
    return {"postgres": {"mode": "cloudnativepg", **({"cluster": cluster} if cluster else {}), **postgres}}


@pytest.mark.parametrize(
    ("size", "instances", "wal", "poolers"),
    [("local", 1, None, 0), ("small", 2, "10Gi", 0), ("medium", 3, "20Gi", 2), ("large", 3, "40Gi", 3)],
)
def test_the_size_says_how_many_servers_there_are_and_what_is_before_them(
    size: str, instances: int, wal: str | None, poolers: int
) -> None:
    found = settings(size=size, **clustered())
    assert (found.instances, found.wal_storage) == (instances, wal)
    assert (found.poolers if found.pooled else 0) == poolers
    stated = settings(
        size=size,
        **clustered(
            {"instances": 3, "walStorage": {"size": "7Gi"}, "pooler": {"enabled": True, "instances": 6}},
            maxConnections=400,
            resources={kind: {"cpu": "1", "memory": "8Gi"} for kind in ("requests", "limits")},
        ),
    )
    assert (stated.instances, stated.wal_storage, stated.pooled, stated.poolers) == (3, "7Gi", True, 6)
    without = settings(size=size, **clustered({"walStorage": {"enabled": False}, "pooler": {"enabled": False}}))
    assert (without.wal_storage, without.pooled) == (None, False)


def test_what_follows_from_memory_and_disk_is_overridden_by_what_is_stated() -> None:
    derived = settings(size="small", **clustered()).postgres_parameters
    stated = settings(size="small", **clustered({"parameters": {"work_mem": "9MB", "log_statement": "ddl"}}))
    assert derived["shared_buffers"] == "2048MB"
    assert stated.postgres_parameters == {**derived, "work_mem": "9MB", "log_statement": "ddl"}


@pytest.mark.parametrize(
    ("instances", "number", "durability"), [(2, 1, "preferred"), (3, 1, "required"), (3, 2, "preferred")]
)
def test_nothing_is_written_without_standbys_only_where_one_may_be_missing(
    instances: int, number: int, durability: str
) -> None:
    found = settings(**clustered({"instances": instances, "synchronous": {"number": number}}))
    assert found.synchronous
    assert found.durability == durability
    assert not settings(**clustered({"instances": 1})).synchronous


@pytest.mark.parametrize(
    ("data", "log", "kept", "most", "least"),
    [
        ("20Gi", {"size": "10Gi"}, "5120MB", "1280MB", "80MB"),
        ("20Gi", {"enabled": False}, "5120MB", "2560MB", "80MB"),
        ("640Mi", {"enabled": False}, "160MB", "80MB", "40MB"),
        ("512Mi", {"enabled": False}, "128MB", "64MB", "32MB"),
        ("20Gi", {"size": "512Mi"}, "256MB", "64MB", "32MB"),
    ],
)
def test_a_standby_that_is_lost_fills_no_volume_and_a_small_volume_is_none_that_the_operator_refuses(
    data: str, log: dict[str, Any], kept: str, most: str, least: str
) -> None:
    found = settings(size="small", **clustered({"walStorage": log}, storage={"size": data})).postgres_parameters
    assert found["max_slot_wal_keep_size"] == kept
    assert (found["max_wal_size"], found["min_wal_size"]) == (most, least)
    assert not {"max_slot_wal_keep_size", "min_wal_size"} & settings(size="small").postgres_parameters.keys()


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ({"max_wal_size": "64MB"}, "max_wal_size"),
        ({"max_wal_size": "64"}, "max_wal_size"),
        ({"max_wal_size": "65536 kB"}, "max_wal_size"),
        ({"min_wal_size": "2GB"}, "min_wal_size"),
        ({"min_wal_size": "2GB", "max_wal_size": "2GB"}, "max_wal_size"),
    ],
)
def test_sizes_of_the_log_that_the_operator_refuses_are_refused_before(parameters: dict[str, str], key: str) -> None:
    (line,) = refusal(size="small", **clustered({"parameters": parameters}))
    assert line.startswith(f"feature-flags:postgres.cluster.parameters.{key}")
    assert "min_wal_size" in line
    assert "max_wal_size" in line
    settings(size="small", **clustered({"parameters": {"max_wal_size": "1GB"}}))
    # What is no size is PostgreSQL's to refuse.
    settings(size="small", **clustered({"parameters": {"max_wal_size": "plenty"}}))


@pytest.mark.parametrize("version", ["17.0", "17.5-system-trixie"])
def test_a_server_whose_upgrade_would_fail_is_refused(version: str) -> None:
    (line,) = refusal(**clustered({"version": version}))
    assert "must be 17.6 or newer" in line
    for right in ("17.6", "17", "18.0-standard-trixie"):
        assert settings(**clustered({"version": right}, version="18.4-bookworm")).postgres.cluster.version == right


def test_base_backups_in_plain_beside_encrypted_dumps_are_refused_in_production_and_said_elsewhere() -> None:
    backup = {"s3": S3, "encryption": {"name": "passphrase"}}
    archived = clustered({"instances": 3, "backup": {"enabled": True}})
    production = {
        "production": True,
        "protect": True,
        "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
    }
    (line,) = refusal(backup=backup, **archived, **production)
    assert line.startswith("feature-flags:backup.encryption")
    assert "encrypts only dumps" in line
    assert "passphrase" not in line

    def said(**values: Any) -> list[str]:
        return [text for text in warnings(settings(**values)) if text.startswith("backup.encryption")]

    (warning,) = said(backup=backup, **archived)
    assert "encrypts only dumps" in warning
    assert said(backup={"s3": S3}, **archived) == []
    assert said(backup=backup, **clustered({"instances": 3})) == []


def test_servers_poolers_and_volumes_count_in_the_quota() -> None:
    plain, with_it = settings(size="medium"), settings(size="medium", **clustered())
    # Four servers at most, three poolers, a toolbox; the embedded one is gone.
    assert budget.need(with_it)["pods"] == budget.need(plain)["pods"] - 1 + 4 + 3 + 1
    assert budget.need(with_it)["persistentvolumeclaims"] == budget.need(plain)["persistentvolumeclaims"] - 1 + 8
    (line,) = refusal(size="medium", namespace={"quota": {"persistentVolumeClaims": 6}}, **clustered())
    assert "8 PostgreSQL + 1 backups" in line


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        (
            clustered({"backup": {"enabled": True, "schedule": "0 3 * * *"}}),
            "postgres.cluster.backup.schedule",
            "every hour",
        ),
        (clustered({"backup": {"enabled": True, "schedule": "0 3"}}), "postgres.cluster.backup.schedule", "six fields"),
        (clustered({"backup": {"enabled": True, "retention": "30"}}), "postgres.cluster.backup.retention", "30d"),
        (clustered({"backup": {"enabled": True}}), "backup.s3", "is required with postgres.cluster.backup.enabled"),
        (clustered({"backup": {"retention": "9d"}}), "postgres.cluster.backup.retention", "backup.enabled to true"),
        (clustered({"instances": 1, "readReplicas": True}), "postgres.cluster.readReplicas", "needs two instances"),
        (
            {"version": "2.260.0", **clustered({"instances": 2, "readReplicas": True})},
            "postgres.cluster.readReplicas",
            "needs version 2.261.0 or newer",
        ),
        (
            {
                "envFromSecrets": {"REPLICA_DATABASE_URLS": {"name": "mine", "key": "urls"}},
                **clustered({"instances": 2, "readReplicas": True}),
            },
            "envFromSecrets.REPLICA_DATABASE_URLS",
            "is set by postgres.cluster.readReplicas",
        ),
        (
            {
                "env": {"CACHE_ENVIRONMENT_DOCUMENT_MODE": "PERSISTENT"},
                **clustered({"instances": 2, "readReplicas": True}),
            },
            "env.CACHE_ENVIRONMENT_DOCUMENT_MODE",
            "cannot be changed",
        ),
        (
            clustered({"instances": 2, "synchronous": {"number": 2}}),
            "postgres.cluster.synchronous.number",
            "needs more standbys than the 1 beside the primary",
        ),
        (clustered({"parameters": {"port": "1"}}), "postgres.cluster.parameters.port", "is set by the operator"),
        (
            clustered({"parameters": {"max_connections": "9"}}),
            "postgres.cluster.parameters.max_connections",
            "is set by postgres.maxConnections",
        ),
        (clustered({"parameters": {"work_mem\nport": "1"}}), "postgres.cluster.parameters", "must be on one line"),
        (clustered({"version": "18.4-system-trixie"}), "postgres.version", "pg_dump refuses a newer server"),
        (clustered({"version": "latest"}), "postgres.cluster.version", "must be a tag"),
        (clustered({"name": "Flags"}), "postgres.cluster.name", "must be the name of a Cluster"),
        (clustered({"name": "a" * 51}), "postgres.cluster.name", "at most 50"),
        (
            clustered({"name": "flagsmith-pooler"}),
            "postgres.cluster.name",
            "must not end with -pooler: names of poolers end so",
        ),
        (clustered({"pooler": {"instances": 2}}), "postgres.cluster.pooler", "has no effect, since size small"),
        (clustered({"pooler": {"enabled": False, "poolSize": 9}}), "postgres.cluster.pooler.poolSize", "to true"),
        (clustered(existingSecret="mine"), "postgres.existingSecret", "roles are the stack's own"),
        (clustered(sslmode="require"), "postgres.sslmode", "belongs to postgres.mode external"),
        (clustered(dataMajor=17), "postgres.dataMajor", "belongs to postgres.mode embedded"),
        ({"postgres": {"cluster": {"instances": 3}}}, "postgres.cluster", "belongs to postgres.mode cloudnativepg"),
        (
            clustered(
                resources={"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "8Gi"}},
            ),
            "postgres.resources.requests.memory",
            "must be at least 2Gi",
        ),
        (
            {"production": True, "protect": True, "networkPolicy": {"ingressNamespace": "traefik"}, **clustered()},
            "networkPolicy.apiServer",
            "is required with network policies and a Cluster",
        ),
        (
            {
                "secretStore": {"name": "store", "secrets": {"postgres": {"key": "postgres"}}},
                **clustered(),
            },
            "secretStore.secrets.postgres",
            "roles are the stack's own",
        ),
    ],
    ids=str,
)
def test_what_contradicts_a_cluster_is_refused(values: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refusal(**values)
    assert line.startswith(f"feature-flags:{key}"), line
    assert reason in line


def test_five_fields_are_refused_with_the_six_that_were_meant() -> None:
    (line,) = refusal(**clustered({"backup": {"enabled": True, "schedule": "15 2 * * 1-5"}}))
    assert 'Write six, such as "0 15 2 * * 1-5"' in line
    for schedule in ("0 15 2 * * *", "0 0/30 8-17 ? * MON-FRI", "*/10 * * * * *"):
        settings(backup={"s3": S3}, **clustered({"backup": {"enabled": True, "schedule": schedule}}))


def test_what_a_cluster_does_not_survive_is_said() -> None:
    def said(values: dict[str, Any], **others: object) -> list[str]:
        return [text for text in warnings(settings(**values, **others)) if text.startswith("postgres.cluster.")]

    (one,) = said(clustered({"instances": 1}))
    assert "nothing can be written" in one
    (asynchronous,) = said(clustered({"instances": 2, "synchronous": {"enabled": False}}))
    assert "are lost" in asynchronous
    production = {
        "production": True,
        "protect": True,
        "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
    }
    (unarchived,) = said(clustered(), **production)
    assert "no way back to a moment" in unarchived
    assert said(clustered({"backup": {"enabled": True}}), backup={"s3": S3}, **production) == []
    assert said({}) == []
