"""The rule of secrets: found wherever they are written out, and never shown."""

from typing import Any

import pytest

from policies.model import HIDDEN
from tests.policies.manifests import broken, config_map, container, deployment, paths, pod

OWN = "spec.template.spec.containers[flagsmith]"
SECRET = "hunter2-hunter2"


def running(**fields: Any) -> dict[str, Any]:
    return deployment(pod(container(**fields)))


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "DJANGO_SECRET", "GITHUB_TOKEN", "SMTP_PASSWD", "PASSPHRASE", "API_KEY", "DJANGO_SECRET_KEY"),
        *("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY", "SIGNING_PRIVATE_KEY", "redisPassword", "credentials"),
    ],
)
def test_a_variable_named_like_a_credential_has_no_value_of_its_own(name: str) -> None:
    (found,) = broken("plain-secret", running(env=[{"name": name, "value": SECRET}]))
    assert (found.finding.path, found.finding.value) == (f"{OWN}.env[{name}]", HIDDEN)
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    "variable",
    [
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
        {"name": "DB_PASSWORD", "value": "$(OTHER)"},
        {"name": "DB_PASSWORD", "value": ""},
        {"name": "REQUIRE_TOKEN", "value": "True"},
        {"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/password"},
        {"name": "TOKEN_SECONDS", "value": "60"},
        {"name": "DATABASE_URL", "value": "postgresql://flagsmith:$(PASSWORD)@db:5432/flagsmith"},
        {"name": "DATABASE_URL", "value": "postgresql://flagsmith@db:5432/flagsmith"},
    ],
)
def test_a_variable_without_a_credential_is_let_be(variable: dict[str, Any]) -> None:
    assert broken("plain-secret", running(env=[variable])) == []


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://flagsmith:{SECRET}@db:5432/flagsmith",
        f"redis://:{SECRET}@redis:6379",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "AKIAABCDEFGHIJKLMNOP",
        "ghp_0123456789abcdefghij",
        "<generated: postgres-password>",
    ],
)
def test_what_looks_like_a_credential_is_found_everywhere(text: str) -> None:
    variable = {"name": "OTHER", "value": text}
    assert paths(broken("plain-secret", running(env=[variable]))) == [f"{OWN}.env[OTHER].value"]
    assert paths(broken("plain-secret", running(args=["--connect", text]))) == [f"{OWN}.args[1]"]
    assert paths(broken("plain-secret", config_map(settings=text))) == ["data.settings"]
    assert paths(broken("plain-secret", config_map({"note": text}))) == ["metadata.annotations.note"]


@pytest.mark.parametrize("argument", [f"--password={SECRET}", f"--auth-token={SECRET}", f"-api.key={SECRET}"])
def test_an_argument_holds_no_credential(argument: str) -> None:
    assert paths(broken("plain-secret", running(command=["serve", argument]))) == [f"{OWN}.command[1]"]


@pytest.mark.parametrize("argument", ["--password=$(PASSWORD)", "--token-file=/run/token", "password=$(cat file)"])
def test_an_argument_may_refer_to_one(argument: str) -> None:
    assert broken("plain-secret", running(args=[argument])) == []


def test_keys_of_config_maps_and_annotations_count_as_names() -> None:
    assert paths(broken("plain-secret", config_map(db_password=SECRET))) == ["data[db_password]"]
    assert paths(broken("plain-secret", config_map({"example.com/token": SECRET}))) == [
        "metadata.annotations[example.com/token]"
    ]


def test_a_value_that_is_known_to_be_secret_is_found_whatever_its_name() -> None:
    subject = running(env=[{"name": "GREETING", "value": f"hello {SECRET}"}])
    assert broken("plain-secret", subject) == []
    (found,) = broken("plain-secret", subject, secrets=frozenset({SECRET}))
    assert SECRET not in str(found)


def test_a_secret_may_hold_secrets() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": SECRET}}
    assert broken("plain-secret", secret, secrets=frozenset({SECRET})) == []
