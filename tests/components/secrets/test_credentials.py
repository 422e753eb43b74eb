"""The Secrets: generated once, or existing ones named in the settings."""

import base64
from typing import Any
from urllib.parse import urlsplit

from components.kit.digests import digest
from tests.recording import Recording, container, environment, pod_templates, record, recorded, run


def data(recording: Recording, name: str) -> dict[str, str]:
    secret = recording.one("Secret", name)
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def template(recording: Recording, kind: str, name: str) -> dict[str, Any]:
    return dict(recording.one(kind, name)["spec"]["template"])


def test_the_urls_hold_the_passwords_and_the_names_of_the_services() -> None:
    recording = recorded("local")
    roles = {"database": "flagsmith_a", "audit": "flagsmith_audit", "analytics": "flagsmith_analytics"}
    for name, role in roles.items():
        secret = data(recording, f"flagsmith-{name}")
        url = urlsplit(secret["DATABASE_URL"])
        assert (url.scheme, url.username, url.password) == ("postgresql", role, secret["password"])
        assert (url.hostname, url.port, url.path) == ("flagsmith-postgres", 5432, "/flagsmith")
        assert secret["username"] == role
    redis = data(recording, "flagsmith-redis")
    url = urlsplit(redis["REDIS_URL"])
    assert (url.scheme, url.password, url.hostname, url.port) == (
        "redis",
        redis["password"],
        "flagsmith-redis",
        6379,
    )


def test_generated_values_are_long_and_differ() -> None:
    recording = recorded("local")
    values = [
        data(recording, "flagsmith-postgres")["password"],
        data(recording, "flagsmith-database")["password"],
        data(recording, "flagsmith-audit")["password"],
        data(recording, "flagsmith-analytics")["password"],
        data(recording, "flagsmith-redis")["password"],
        data(recording, "flagsmith-django")["DJANGO_SECRET_KEY"],
        data(recording, "flagsmith-admin")["password"],
    ]
    assert len(set(values)) == 7
    assert sorted(map(len, values)) == [32, 32, 32, 32, 32, 32, 50]


def test_nothing_but_the_database_and_its_roles_reads_the_administrators_password() -> None:
    recording = recorded("production")
    readers = {
        name.rpartition("-")[0] for name, pod in pod_templates(recording) if "flagsmith-postgres" in str(secrets(pod))
    }
    assert readers == {"StatefulSet/flagsmith", "Job/flagsmith-roles", "Job/flagsmith-grants", "Job/flagsmith-retire"}
    assert set(data(recording, "flagsmith-postgres")) == {"password"}


def secrets(pod: dict[str, Any]) -> list[str]:
    """The Secrets that a pod reads."""
    variables = [item for its in pod["spec"]["containers"] for item in its.get("env") or []]
    files = [volume.get("secret", {}).get("secretName") for volume in pod["spec"]["volumes"]]
    return [item.get("valueFrom", {}).get("secretKeyRef", {}).get("name") for item in variables] + files


def test_an_existing_secret_takes_the_place_of_each_generated_one() -> None:
    recording = record(
        "local",
        {
            "postgres": {"existingSecret": "my-postgres"},
            "redis": {"existingSecret": "my-redis"},
            "secretKey": {"existingSecret": "my-django"},
            "admin": {"existingSecret": "my-admin"},
        },
    )
    # Who reads the database besides Flagsmith has a role of the stack's own.
    made = {item["metadata"]["name"] for item in recording.all("Secret")}
    keys = {name for name in made if name.startswith("flagsmith-sdk-keys-")} | {"flagsmith-bootstrap-keys"}
    assert made - keys == {"flagsmith-audit", "flagsmith-analytics"}
    roles = environment(recording.starting("Job", "flagsmith-roles-")["spec"]["template"])
    assert roles["APPLICATION_URL"]["secretKeyRef"] == {"name": "my-postgres", "key": "DATABASE_URL"}
    assert roles["PASSWORD"]["secretKeyRef"] == {"name": "my-postgres", "key": "password"}
    assert "LOGIN" not in roles
    env = environment(template(recording, "Deployment", "flagsmith"))
    assert env["DATABASE_URL"]["secretKeyRef"] == {"name": "my-postgres", "key": "DATABASE_URL"}
    assert env["REDIS_URL"]["secretKeyRef"] == {"name": "my-redis", "key": "REDIS_URL"}
    assert env["DJANGO_SECRET_KEY"]["secretKeyRef"] == {"name": "my-django", "key": "DJANGO_SECRET_KEY"}
    redis = environment(template(recording, "Deployment", "flagsmith-redis"))
    assert redis["REDISCLI_AUTH"]["secretKeyRef"] == {"name": "my-redis", "key": "password"}
    named = {"my-postgres", "my-redis", "my-django", "my-admin"}
    assert set(recording.program.outputs["secrets"].values()) > named  # type: ignore[attr-defined]


def test_external_databases_deploy_neither_server_and_check_certificates() -> None:
    recording = record(
        "production",
        {
            "postgres": {
                "mode": "external",
                "existingSecret": "rds",
                "sslmode": "verify-full",
                "caSecret": {"name": "rds-ca"},
                "maxConnections": 500,
            },
            "redis": {"mode": "external", "existingSecret": "cache", "tls": True, "caSecret": {"name": "cache-ca"}},
        },
    )
    assert recording.all("StatefulSet") == []
    assert not [job for job in recording.all("Job") if "roles" in job["metadata"]["name"]], "its roles are not ours"
    assert [claim["metadata"]["name"] for claim in recording.all("PersistentVolumeClaim")] == ["flagsmith-backup-data"]
    pod = template(recording, "Deployment", "flagsmith")
    env = environment(pod)
    assert env["PGSSLMODE"] == "verify-full"
    assert env["PGSSLROOTCERT"] == "/etc/flagsmith/postgres-ca/ca.crt"
    options = "&ssl_check_hostname=true&ssl_ca_certs=/etc/flagsmith/redis-ca/ca.crt"
    assert env["GET_FLAGS_ENDPOINT_CACHE_LOCATION"].endswith(options)
    mounts = {mount["name"]: mount["mountPath"] for mount in container(pod)["volumeMounts"]}
    assert mounts["postgres-ca"] == "/etc/flagsmith/postgres-ca"
    assert mounts["redis-ca"] == "/etc/flagsmith/redis-ca"


def locations(**redis: Any) -> dict[str, str]:
    """Where each cache is that all pods share, with an external Redis."""
    external = {"mode": "external", "existingSecret": "cache", **redis}
    env = environment(template(record("staging", {"redis": external}), "Deployment", "flagsmith"))
    return {name: str(value) for name, value in env.items() if str(value).startswith("$(REDIS_URL)")}


def test_every_cache_checks_whose_certificate_a_redis_with_tls_has_unless_told_otherwise() -> None:
    checked = locations(tls=True)
    assert len(checked) > 1
    assert all("&ssl_check_hostname=true" in value for value in checked.values())
    for others in (locations(tls=True, checkHostname=False), locations()):
        assert set(others) == set(checked)
        assert not any("ssl_" in value for value in others.values())


def test_an_external_postgres_is_asked_for_tls_unless_the_settings_say_otherwise() -> None:
    recording = record("staging", {"postgres": {"mode": "external", "existingSecret": "rds"}})
    assert environment(template(recording, "Deployment", "flagsmith"))["PGSSLMODE"] == "require"


def test_without_redis_no_cache_is_wired_to_it() -> None:
    recording = record("local", {"redis": {"mode": "none"}})
    env = environment(template(recording, "Deployment", "flagsmith"))
    assert not [name for name, value in env.items() if "redis" in f"{name}={value}".lower()]
    names = {item["metadata"]["name"] for item in recording.all("Secret")}
    assert {name for name in names if "redis" in name} == set()


def checksums(recording: Recording) -> dict[str, dict[str, str]]:
    return {
        name.partition("-migrate-")[0].partition("-bootstrap-")[0]: {
            key: value for key, value in pod["metadata"]["annotations"].items() if key.startswith("checksum/")
        }
        for name, pod in pod_templates(recording)
    }


def test_checksums_follow_the_contents_and_nothing_else() -> None:
    recording = recorded("local")
    expected = digest(data(recording, "flagsmith-redis"))
    assert checksums(recording)["Deployment/flagsmith-redis"] == {"checksum/flagsmith-redis": expected}
    assert checksums(run("local"))["Deployment/flagsmith-redis"] != checksums(recording)["Deployment/flagsmith-redis"]
