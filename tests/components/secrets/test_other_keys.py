"""Existing Secrets whose keys have other names: everywhere a setting names one, and in every object that reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from components.settings.model import Settings
from components.settings.references import ManyKeysSecret, NamedSecret, SecretByName
from components.settings.schema import model_of
from tests.components.settings.support import refusal, settings
from tests.recording import record
from tests.scanners.rendered import API_VERSIONS

OTHER = "other-"
# Each way to name a Secret, with every key that is read of it; two stacks have them all.
POSTGRES_KEYS = {"password": f"{OTHER}pw", "previous": f"{OTHER}pw-before"}
EMBEDDED: Mapping[str, Any] = {
    "postgres": {"existingSecret": {"name": "theirs-pg", "key": f"{OTHER}url", "keys": POSTGRES_KEYS}},
    "redis": {
        "existingSecret": {
            "name": "theirs-redis",
            "keys": {name: f"{OTHER}{name}" for name in ("REDIS_URL", "password", "metrics-password")},
        }
    },
    "secretKey": {"existingSecret": {"name": "theirs-django", "key": f"{OTHER}SECRET_KEY"}},
    "admin": {"existingSecret": {"name": "theirs-admin", "key": f"{OTHER}pw"}},
    "login": {
        "github": {
            "existingSecret": {
                "name": "theirs-github",
                "keys": {"client-id": f"{OTHER}id", "client-secret": f"{OTHER}s"},
            }
        }
    },
    "smtp": {
        "host": "mail.example.com",
        "username": "u",
        "existingSecret": {"name": "theirs-mail", "key": f"{OTHER}pw"},
    },
    "sdkKeys": {
        "existingSecrets": {
            "production": {
                "name": "theirs-sdk",
                "keys": {"FLAGSMITH_ENVIRONMENT_KEY": f"{OTHER}c", "FLAGSMITH_SERVER_KEY": f"{OTHER}s"},
            }
        }
    },
    "edge": {"enabled": True, "existingSecret": {"name": "theirs-edge", "key": f"{OTHER}pairs"}},
}
OUTSIDE: Mapping[str, Any] = {
    "postgres": {"mode": "external", "existingSecret": {"name": "theirs-pg", "key": f"{OTHER}uri"}},
    "redis": {"mode": "external", "existingSecret": {"name": "theirs-redis", "key": f"{OTHER}uri"}},
    "audit": {
        "enabled": True,
        "existingSecret": {"name": "theirs-audit", "key": f"{OTHER}uri"},
        "export": {"sink": "stdout"},
    },
    "monitoring": {
        "enabled": True,
        "flagMetrics": {"existingSecret": {"name": "theirs-flags", "key": f"{OTHER}uri"}},
        "postgres": {"existingSecret": {"name": "theirs-pg-metrics", "key": f"{OTHER}uri"}},
        "redis": {"existingSecret": {"name": "theirs-redis-metrics", "key": f"{OTHER}uri"}},
    },
    "backup": {
        "s3": {
            "bucket": "backups",
            "existingSecret": {
                "name": "theirs-s3",
                "keys": {"AWS_ACCESS_KEY_ID": f"{OTHER}id", "AWS_SECRET_ACCESS_KEY": f"{OTHER}secret"},
            },
        }
    },
    "edge": {"enabled": True, "configFile": True, "existingSecret": {"name": "theirs-edge", "key": f"{OTHER}file"}},
}
CLUSTER: Mapping[str, Any] = {
    "postgres": {"mode": "cloudnativepg", "cluster": {"backup": {"enabled": True, "schedule": "0 15 3 * * *"}}},
    "networkPolicy": {"ingressNamespace": "traefik", "apiServer": ["10.0.0.1/32"]},
    "backup": OUTSIDE["backup"],
}


def named(
    model: type[BaseModel], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], type[BaseModel] | None]]:
    """Every setting that names an existing Secret, with the section that it is."""
    for field in model.model_fields.values():
        here, below = (*path, str(field.alias)), model_of(field.annotation)
        if here[-1] in ("existingSecret", "existingSecrets"):
            yield here, below
        elif below is not None:
            yield from named(below, here)


NAMED = dict(named(Settings))


def reads(value: object) -> Iterator[tuple[str, str]]:
    """What an object reads of a Secret, wherever it says so: the Secret's name, and the key in it."""
    if isinstance(value, Mapping):
        if "secretName" in value:
            yield from ((str(value["secretName"]), str(item["key"])) for item in value.get("items") or ())
        elif {"name", "key"} <= set(value):
            yield str(value["name"]), str(value["key"])
        for item in value.values():
            yield from reads(item)
    elif isinstance(value, list):
        for item in value:
            yield from reads(item)


def test_each_setting_that_names_a_secret_can_say_what_its_keys_are_called() -> None:
    assert len(NAMED) >= 13
    tried = [EMBEDDED, OUTSIDE]
    for path, section in NAMED.items():
        assert section is not None, path
        assert issubclass(section, SecretByName), path
        assert {"key", "keys"} & set(section.model_fields), path
        assert any(_at(stack, path) is not None for stack in tried), f"{path} is in no stack of this test"


def _at(values: object, path: tuple[str, ...]) -> object:
    for part in path:
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


@pytest.mark.parametrize("stack", [EMBEDDED, OUTSIDE, CLUSTER], ids=["embedded", "outside", "cluster"])
def test_every_object_reads_the_keys_that_the_settings_name(stack: Mapping[str, Any]) -> None:
    base = "staging" if stack is EMBEDDED else "production"
    monitored = {"enabled": True, **stack.get("monitoring", {})}
    found = record(base, {**stack, "monitoring": monitored, "apiVersions": list(API_VERSIONS)})
    read = {pair for item in found.program.objects for pair in reads(item.manifest) if pair[0].startswith("theirs-")}
    assert {pair for pair in read if not pair[1].startswith(OTHER)} == set()
    wanted = {(str(secret["name"]), key) for secret in _secrets(stack) for key in _keys(secret)}
    assert wanted <= read, wanted - read


def _secrets(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if str(value.get("name", "")).startswith("theirs-"):
            yield value
        for item in value.values():
            yield from _secrets(item)


def _keys(secret: Mapping[str, Any]) -> Iterator[str]:
    yield from ([str(secret["key"])] if "key" in secret else [])
    yield from (str(key) for key in secret.get("keys", {}).values())


@pytest.mark.parametrize("path", [path for path in NAMED if path[-1] == "existingSecret"], ids=".".join)
def test_a_name_alone_stands_for_the_keys_of_the_program(path: tuple[str, ...]) -> None:
    section = NAMED[path]
    assert section is not None
    alone = section.model_validate("theirs")
    assert alone == section.model_validate({"name": "theirs"})
    if isinstance(alone, NamedSecret):
        assert alone.reads
        assert [alone.key_of(own) for own in alone.reads] == list(alone.reads)
    with pytest.raises(ValueError, match="must be the name of a Kubernetes object"):
        section.model_validate("Not A Name")
    with pytest.raises(ValueError, match="must be the name of a Secret, or a map with its name"):
        section.model_validate(["theirs"])


def test_keys_that_nobody_reads_and_the_address_under_two_are_refused() -> None:
    (line,) = refusal(postgres={"mode": "external", "existingSecret": {"name": "a", "keys": {"URL": "uri"}}})
    told = "keys.URL: is no key that is read here: those are DATABASE_URL, password, previous"
    assert line == f"feature-flags:postgres.existingSecret.{told}"
    twice = {"name": "a", "key": "uri", "keys": {"DATABASE_URL": "url"}}
    (line,) = refusal(postgres={"mode": "external", "existingSecret": twice})
    assert line.endswith("existingSecret.key: names the key that keys.DATABASE_URL names too: remove one of the two")
    (line,) = refusal(audit={"existingSecret": {"name": "a", "keys": {"DATABASE_URL": "uri"}}})
    assert "is not a known key: did you mean key?" in line
    (line,) = refusal(admin={"existingSecret": {"name": "a", "key": "a key"}})
    assert line.startswith("feature-flags:admin.existingSecret.key")
    for section in NAMED.values():
        if section is not None and issubclass(section, ManyKeysSecret):
            with pytest.raises(ValueError, match="is no key that is read here"):
                section.model_validate({"name": "a", "keys": {"nothing": "x"}})


def test_the_secret_of_a_cluster_of_somebody_elses_is_named_as_its_operator_makes_it() -> None:
    found = settings(postgres={"mode": "external", "existingSecret": {"name": "flags-db-app", "key": "uri"}})
    secret = found.foreign_secret("postgres")
    assert secret is not None
    assert (secret.name, secret.key_of("DATABASE_URL")) == ("flags-db-app", "uri")


def test_the_password_of_the_administrator_is_asked_for_by_its_own_key() -> None:
    outputs = record("staging", {"admin": {"existingSecret": {"name": "theirs", "key": "pw.txt"}}}).program.outputs
    assert "get secret theirs -o jsonpath='{.data.pw\\.txt}'" in str(outputs["adminPasswordCommand"])


def test_a_value_in_place_of_a_keys_name_is_refused_and_not_shown() -> None:
    pasted = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLE9a"
    names = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": pasted}
    lines = refusal(backup={"s3": {"bucket": "backups", "existingSecret": {"name": "s3", "keys": names}}})
    assert any("looks like a secret" in line for line in lines)
    assert pasted not in str(lines)
