"""The ways to a Cluster by poolers and to its standbys, and where its archive goes, as they are rendered."""

import base64
from typing import Any
from urllib.parse import urlsplit

from tests.components.postgres.test_cluster import (
    OPERATORS,
    S3,
    WHOLE,
    clustered,
    reference,
    variables,
    whole,
)
from tests.recording import Recording, environment, record


def test_the_api_goes_by_the_poolers_and_all_others_to_the_primary() -> None:
    found = whole()
    api = variables(found, "Deployment", "flagsmith-task-processor")
    assert reference(api["DATABASE_URL"]) == ("flagsmith-database", "DATABASE_URL")
    assert "REPLICA_DATABASE_URLS" not in api
    assert "statement_timeout" in api["PGOPTIONS"]
    deployment = environment(found.one("Deployment", "flagsmith")["spec"]["template"])
    assert reference(deployment["DATABASE_URL"]) == ("flagsmith-database", "POOLED_DATABASE_URL")
    assert reference(deployment["REPLICA_DATABASE_URLS"]) == ("flagsmith-database", "REPLICA_DATABASE_URLS")
    assert deployment["REPLICA_READ_STRATEGY"] == "DISTRIBUTED"
    # A pooler would ignore them in silence.
    assert "PGOPTIONS" not in deployment
    migration = variables(found, "Job", "flagsmith-migrate-")
    assert reference(migration["DATABASE_URL"]) == ("flagsmith-database", "DATABASE_URL")
    assert variables(found, "Job", "flagsmith-roles-")["PGHOST"] == "flagsmith-pg-rw"


def test_a_pooler_that_is_switched_off_has_its_certificate_until_nobody_asks_it() -> None:
    """The Cluster changes before the API's pods do, which check the pooler's name."""
    without = clustered({"pooler": {"enabled": False}})
    assert without.all("Pooler") == []
    spec = without.one("Cluster", "flagsmith-pg")["spec"]
    assert "flagsmith-pg-pooler" in spec["certificates"]["serverAltDNSNames"]


def test_each_address_leads_to_its_service_by_the_role_in_turn() -> None:
    generated = {"credentials-database-password": "a/b"}
    found = record(
        "local",
        {
            "postgres": {"mode": "cloudnativepg", "maxConnections": 100, "cluster": WHOLE},
            "apiVersions": OPERATORS,
            "backup": {"s3": S3},
        },
        generated=generated,
    )
    data = {
        key: base64.b64decode(value).decode()
        for key, value in found.one("Secret", "flagsmith-database")["data"].items()
    }
    assert data["DATABASE_URL"] == "postgresql://flagsmith_a:a%2Fb@flagsmith-pg-rw:5432/flagsmith"
    assert data["POOLED_DATABASE_URL"] == "postgresql://flagsmith_a:a%2Fb@flagsmith-pg-pooler:5432/flagsmith"
    assert data["REPLICA_DATABASE_URLS"] == (
        "postgresql://flagsmith_a:a%2Fb@flagsmith-pg-ro:5432/flagsmith?connect_timeout=2"
    )


def test_poolers_show_a_certificate_with_their_own_name_and_bound_what_they_open() -> None:
    found = whole()
    names = found.one("Cluster", "flagsmith-pg")["spec"]["certificates"]["serverAltDNSNames"]
    assert {"flagsmith-pg-pooler", "flagsmith-pg-pooler.feature-flags.svc"} <= set(names)
    pooler = found.one("Pooler", "flagsmith-pg-pooler")["spec"]
    assert (pooler["type"], pooler["cluster"]) == ("rw", {"name": "flagsmith-pg"})
    pgbouncer = pooler["pgbouncer"]
    assert pgbouncer["poolMode"] == "transaction"
    parameters = pgbouncer["parameters"]
    assert parameters["default_pool_size"] == parameters["max_db_connections"]
    assert parameters["query_wait_timeout"] == "30"
    assert parameters["client_tls_sslmode"] == "require"
    # 25 percent by default, rounded up: with five poolers, two more than the budget counts.
    assert pooler["deploymentStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    (container,) = pooler["template"]["spec"]["containers"]
    assert container["name"] == "pgbouncer"
    assert container["resources"]["limits"]["memory"]
    budget = found.one("PodDisruptionBudget", "flagsmith-pg-pooler")["spec"]
    assert budget["selector"]["matchLabels"] == {"cnpg.io/poolerName": "flagsmith-pg-pooler"}


def test_a_pooler_gives_up_a_server_as_soon_as_those_do_who_go_straight_there() -> None:
    found = whole()
    (file,) = (item["data"]["pg_service.conf"] for item in found.all("ConfigMap") if "pg_service.conf" in item["data"])
    direct = dict(line.split("=") for line in file.splitlines() if "=" in line)
    (item,) = found.all("Pooler")
    parameters = item["spec"]["pgbouncer"]["parameters"]
    # In both, the one in milliseconds, the others in seconds and times.
    assert parameters["tcp_user_timeout"] == direct["tcp_user_timeout"] == "2000"
    assert parameters["tcp_keepidle"] == direct["keepalives_idle"] == "2"
    assert parameters["tcp_keepintvl"] == direct["keepalives_interval"] == "1"
    assert parameters["tcp_keepcnt"] == direct["keepalives_count"] == "2"
    assert parameters["server_connect_timeout"] == direct["connect_timeout"] == "2"
    assert parameters["server_login_retry"] == "1"


def test_backups_name_their_method_and_go_to_the_bucket_beside_the_dumps() -> None:
    found = whole()
    schedule = found.one("ScheduledBackup", "flagsmith-pg-17")["spec"]
    assert schedule["immediate"] is True
    assert schedule["method"] == "plugin"
    assert schedule["pluginConfiguration"] == {"name": "barman-cloud.cloudnative-pg.io"}
    assert schedule["schedule"] == "0 15 3 * * *"
    store = found.one("ObjectStore", "flagsmith-pg")["spec"]
    assert store["retentionPolicy"] == "8w"
    configuration = store["configuration"]
    host = urlsplit(str(found.program.outputs["url"])).hostname
    assert configuration["destinationPath"] == f"s3://backups/flags/{host}/cloudnative-pg"
    assert configuration["endpointURL"] == "https://minio.example.com"
    assert configuration["s3Credentials"]["accessKeyId"] == {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}
    assert "serverName" not in configuration
    assert store["instanceSidecarConfiguration"]["env"] == [{"name": "AWS_DEFAULT_REGION", "value": "eu-west-1"}]
    (plugin,) = found.one("Cluster", "flagsmith-pg")["spec"]["plugins"]
    assert plugin["isWALArchiver"] is True
    assert plugin["parameters"] == {"barmanObjectName": "flagsmith-pg", "serverName": "flagsmith-pg-17"}


def test_another_cluster_or_another_major_version_archives_to_a_place_of_its_own() -> None:
    others: list[dict[str, Any]] = [{}, {"name": "other"}]
    archived = (clustered({**WHOLE, **other}, backup={"s3": S3}) for other in others)
    places = {place(found) for found in archived}
    newer = upgraded()
    places.add(place(newer))
    assert places == {"flagsmith-pg-17", "other-17", "flagsmith-pg-18"}


def test_another_major_version_is_backed_up_at_once_by_a_schedule_of_its_own() -> None:
    def schedules(found: Recording) -> dict[str, str]:
        return {
            urn: item.inputs["metadata"]["name"]
            for urn, item in found.registrations.items()
            if item.inputs.get("kind") == "ScheduledBackup"
        }

    before, after = schedules(whole()), schedules(upgraded())
    assert (list(before.values()), list(after.values())) == (["flagsmith-pg-17"], ["flagsmith-pg-18"])
    assert before.keys().isdisjoint(after)


def upgraded() -> Recording:
    """The same with servers of the next major version."""
    postgres = {
        "mode": "cloudnativepg",
        "version": "18.4-bookworm",
        "maxConnections": 100,
        "cluster": {**WHOLE, "version": "18.4-system-trixie"},
    }
    return record("local", {"postgres": postgres, "backup": {"s3": S3}, "apiVersions": OPERATORS})


def place(recording: Recording) -> str:
    """Where the Cluster's archive goes, in its bucket."""
    (cluster,) = recording.all("Cluster")
    (plugin,) = cluster["spec"]["plugins"]
    return str(plugin["parameters"]["serverName"])


def test_without_poolers_the_api_reads_from_a_standby_while_the_primary_is_away() -> None:
    """Else each key's environment, which is looked up on the primary, would fail what caches do not hold."""
    cluster = {**WHOLE, "pooler": {"enabled": False}}
    generated = {"credentials-database-password": "secret"}

    def stack(**section: Any) -> Recording:
        postgres = {"mode": "cloudnativepg", "maxConnections": 200, "cluster": {**cluster, **section}}
        stated = {"postgres": postgres, "apiVersions": OPERATORS, "backup": {"s3": S3}}
        return record("local", stated, generated=generated)

    found = stack()
    data = found.one("Secret", "flagsmith-database")["data"]
    url = base64.b64decode(data["FALLBACK_DATABASE_URL"]).decode()
    assert url == "postgresql://flagsmith_a:secret@flagsmith-pg-rw,flagsmith-pg-ro:5432/flagsmith"
    api = environment(found.one("Deployment", "flagsmith")["spec"]["template"])
    assert reference(api["DATABASE_URL"]) == ("flagsmith-database", "FALLBACK_DATABASE_URL")
    # A standby refuses what is written, so nobody stays there for long.
    assert api["DJANGO_DB_CONN_MAX_AGE"] == "10"
    # What writes goes to the primary alone.
    for kind, name in (("Deployment", "flagsmith-task-processor"), ("Job", "flagsmith-migrate-")):
        others = variables(found, kind, name)
        assert reference(others["DATABASE_URL"]) == ("flagsmith-database", "DATABASE_URL")
        assert "DJANGO_DB_CONN_MAX_AGE" not in others
    plain = environment(stack(readReplicas=False).one("Deployment", "flagsmith")["spec"]["template"])
    assert reference(plain["DATABASE_URL"]) == ("flagsmith-database", "DATABASE_URL")
    assert "DJANGO_DB_CONN_MAX_AGE" not in plain
