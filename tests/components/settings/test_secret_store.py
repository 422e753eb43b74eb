"""Secrets from a store: what may be said, where each value is, and which sources exclude each other."""

from typing import Any

import pytest

from components.settings.sections.secret_store import Remote
from tests.components.settings.support import refusal, settings

EXTERNAL = {"mode": "external"}


def store(secrets: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": "vault", **({} if secrets is None else {"secrets": secrets}), **more}


def test_without_a_store_nothing_comes_from_one() -> None:
    found = settings(redis={"existingSecret": "cache"})
    assert found.secret_store is None
    named = {purpose: found.foreign_secret(purpose) for purpose in found.existing_secrets}
    assert {purpose: item and item.name for purpose, item in named.items()} == {
        "postgres": None,
        "redis": "cache",
        "django": None,
        "admin": None,
    }


def test_an_entry_has_every_value_as_a_property_of_the_same_name_unless_said_otherwise() -> None:
    secrets = {
        "postgres": {"key": "flagsmith/postgres", "properties": {"password": "pw"}},
        "django": {"values": {"DJANGO_SECRET_KEY": {"key": "django"}}},
        "admin": {"key": "a", "values": {"password": {"key": "b", "property": "c"}}},
    }
    others = {"mail": {"values": {"password": {"key": "m"}}}}
    found = settings(secretStore=store(secrets, others=others))
    assert found.secret_store is not None
    keys = {purpose: found.secret_keys(purpose) for purpose in found.existing_secrets}
    assert found.secret_store.remotes(keys) == {
        "flagsmith-postgres": {
            "password": Remote(key="flagsmith/postgres", property_name="pw"),
            "DATABASE_URL": Remote(key="flagsmith/postgres", property_name="DATABASE_URL"),
        },
        "flagsmith-django": {"DJANGO_SECRET_KEY": Remote(key="django", property_name=None)},
        "flagsmith-admin": {"password": Remote(key="b", property_name="c")},
        "mail": {"password": Remote(key="m", property_name=None)},
    }
    stored = found.foreign_secret("postgres")
    assert stored is not None
    assert (stored.name, stored.renamed) == ("flagsmith-postgres", {})
    assert found.foreign_secret("redis") is None


def test_a_store_takes_the_place_of_the_secret_that_an_external_database_needs() -> None:
    found = settings(
        postgres=EXTERNAL,
        redis=EXTERNAL,
        secretStore=store({"postgres": {"key": "db"}, "redis": {"values": {"REDIS_URL": {"key": "cache"}}}}),
    )
    assert (found.secret_keys("postgres"), found.secret_keys("redis")) == (("DATABASE_URL",), ("REDIS_URL",))


@pytest.mark.parametrize("value", ["1h", "15m", "1h30m", "90s", "0", 0])
def test_an_interval_is_a_duration(value: object) -> None:
    found = settings(secretStore=store({"admin": {"key": "a"}}, refreshInterval=value)).secret_store
    assert found is not None
    assert found.refresh_interval == str(value)


ADMIN = {"admin": {"key": "a"}}


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        ({"secretStore": store()}, "secretStore.secrets", "must name at least one Secret: postgres, redis, django"),
        ({"secretStore": {"secrets": ADMIN}}, "secretStore.name", "is required"),
        ({"secretStore": store(ADMIN, kind="Vault")}, "secretStore.kind", "one of SecretStore, ClusterSecretStore"),
        ({"secretStore": store(ADMIN, refreshInterval="often")}, "secretStore.refreshInterval", "such as 1h or 15m"),
        ({"secretStore": store(ADMIN, refreshInterval="")}, "secretStore.refreshInterval", "such as 1h or 15m"),
        ({"secretStore": store({"admins": {"key": "a"}})}, "secretStore.secrets.admins", "did you mean admin?"),
        (
            {"secretStore": store({"postgres": {"values": {"password": {"key": "a"}}}})},
            "secretStore.secrets.postgres",
            "must say where in the store DATABASE_URL is: this Secret needs password and DATABASE_URL",
        ),
        (
            {"secretStore": store({"postgres": {}})},
            "secretStore.secrets.postgres",
            "where in the store password and DATABASE_URL is",
        ),
        (
            {"secretStore": store({"admin": {"key": "a", "properties": {"email": "b"}}})},
            "secretStore.secrets.admin.properties.email",
            "is no key of this Secret: it has password",
        ),
        (
            {"secretStore": store({"admin": {"properties": {"password": "b"}}})},
            "secretStore.secrets.admin.properties.password",
            "needs the entry that it is a property of",
        ),
        (
            {
                "secretStore": store(
                    {"admin": {"key": "a", "properties": {"password": "b"}, "values": {"password": {"key": "c"}}}}
                )
            },
            "secretStore.secrets.admin.properties.password",
            "is given in values too",
        ),
        (
            {"secretStore": store(ADMIN), "admin": {"existingSecret": "mine"}},
            "secretStore.secrets.admin",
            "admin.existingSecret names too: remove one of the two",
        ),
        (
            {"secretStore": store({"django": {"key": "a"}}), "secretKey": {"existingSecret": "mine"}},
            "secretStore.secrets.django",
            "secretKey.existingSecret names too",
        ),
        (
            {"secretStore": store({"redis": {"key": "a"}}), "redis": {"mode": "none"}},
            "secretStore.secrets.redis",
            "has no effect, because redis.mode is none",
        ),
        (
            {"secretStore": store(others={"flagsmith-audit": {"values": {"DATABASE_URL": {"key": "a"}}}})},
            "secretStore.others.flagsmith-audit",
            "is the name of a Secret that the program makes",
        ),
        (
            {"secretStore": store(others={"mail": {"values": {}}})},
            "secretStore.others.mail.values",
            "must not be an empty",
        ),
        (
            {"rotations": {"admin": 1}, "secretStore": store(ADMIN)},
            "rotations.admin",
            "is not generated, since secretStore.secrets.admin takes it from a store",
        ),
        (
            {"postgres": EXTERNAL, "secretStore": store(ADMIN)},
            "postgres.existingSecret",
            "or take it from a store with secretStore.secrets.postgres",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(values: dict[str, Any], key: str, message: str) -> None:
    (line,) = refusal(**values)
    assert line.startswith(f"feature-flags:{key}")
    assert message in line
