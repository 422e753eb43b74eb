"""`ff env` as people type it, on the real program; no cluster."""

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.env import container_environment as logic
from flagops.errors import OpsError
from flagops.kubernetes.objects import Manifest, Ref
from tests.flagops.cli import fakes
from tests.recording import container, recorded

pytestmark = pytest.mark.usefixtures("evaluated_once")
Run = Callable[..., Result]
URLS = ("--postgres", "postgresql://me:it's@127.0.0.1:55432/trial", "--redis", "redis://:pass@127.0.0.1:6390")


def keys(value: str) -> dict[str, str]:
    """What the Secret with Flagsmith's keys holds."""
    names = ("DJANGO_SECRET_KEY", "COOKIE_AUTH_JWT_SIGNING_KEY", "WAREHOUSE_CREDENTIALS_SECRET")
    return dict.fromkeys(names, value)


def variables(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The Secrets of a stand-in for the cluster: values by name and key."""
    secrets: dict[str, dict[str, str]] = {}

    class Client:
        def __init__(self, context: str) -> None:
            assert context == "production-context"

        def get(self, ref: Ref) -> Manifest | None:
            found = secrets.get(ref.name)
            return found and {"data": {key: b64encode(value.encode()).decode() for key, value in found.items()}}

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr("flagops.stacks.target.find", fakes.target)
    monkeypatch.setattr("flagops.commands.env.command.connect", lambda _kubeconfig, context: context)
    monkeypatch.setattr("flagops.commands.env.command.Client", Client)
    return secrets


def test_secrets_are_masked_and_named_and_references_expanded(run: Run) -> None:
    lines = run("env", "--stack", "production").stdout.splitlines()
    assert "export DATABASE_URL='<secret flagsmith-database/DATABASE_URL>'" in lines
    location = next(line for line in lines if line.startswith("export GET_FLAGS_ENDPOINT_CACHE_LOCATION="))
    assert location.startswith("export GET_FLAGS_ENDPOINT_CACHE_LOCATION='<secret flagsmith-redis/REDIS_URL>/1?")
    assert "export POD_IP='127.0.0.1'" in lines
    assert not [line for line in lines if "$(" in line]


@pytest.mark.parametrize(
    ("component", "kind", "name"),
    [
        ("api", "Deployment", "flagsmith"),
        ("task-processor", "Deployment", "flagsmith-task-processor"),
        ("migrate", "Job", "flagsmith-migrate-[0-9a-f]+"),
        ("bootstrap", "Job", "flagsmith-bootstrap-[0-9a-f]+"),
    ],
)
def test_every_variable_of_the_rendered_container_is_there(run: Run, component: str, kind: str, name: str) -> None:
    (manifest,) = (item for item in recorded("staging").all(kind) if re.fullmatch(name, item["metadata"]["name"]))
    wanted = [entry["name"] for entry in container(manifest["spec"]["template"])["env"]]
    found = variables(run("env", "--stack", "staging", "--component", component, "--format", "json"))
    assert list(found) == wanted


@pytest.mark.parametrize("component", ["api", "task-processor", "migrate", "bootstrap"])
def test_what_runs_outside_of_a_pod_is_given_no_file_of_a_pod(run: Run, component: str) -> None:
    arguments = ("env", "--stack", "production", "--component", component, "--format", "json")
    listed, shown = variables(run(*arguments)), run(*arguments, "--generate", *URLS)
    given = variables(shown)
    left_out = listed.keys() - given.keys()
    assert {"PGSERVICE", "PGSERVICEFILE"} <= left_out
    assert not [name for name, value in given.items() if value.startswith("/etc/")]
    for name in left_out:
        assert name in shown.stderr
    assert "DATABASE_URL" in given


def test_overrides_reach_all_that_is_derived_from_them(run: Run) -> None:
    found = variables(run("env", "--stack", "production", "--generate", "--format", "json", *URLS))
    assert found["DATABASE_URL"] == URLS[1]
    locations = [value for name, value in found.items() if name.endswith("_LOCATION") and "://" in value]
    assert len(locations) == 4
    assert all(value.startswith(f"{URLS[3]}/") for value in locations)


def test_generated_values_are_new_each_time_and_ask_no_cluster(run: Run) -> None:
    first, second = (variables(run("env", "--generate", "--format", "json", *URLS)) for _ in range(2))
    assert len(first["DJANGO_SECRET_KEY"]) == 50
    assert first["DJANGO_SECRET_KEY"] == first["COOKIE_AUTH_JWT_SIGNING_KEY"] != second["DJANGO_SECRET_KEY"]


def test_a_shell_evaluates_the_output_to_the_same_values(run: Run) -> None:
    lines = run("env", "--component", "bootstrap", "--generate", *URLS).stdout
    script = 'eval "$LINES_TO_RUN"; printf %s "$DATABASE_URL|$BOOTSTRAP"'
    shell = subprocess.run(
        ["sh", "-c", script], env={"LINES_TO_RUN": lines}, capture_output=True, text=True, check=True, timeout=10
    )
    url, _, wanted = shell.stdout.partition("|")
    assert url == URLS[1]
    assert json.loads(wanted)["environments"] == ["development", "staging", "production"]


@pytest.mark.parametrize("value", ["it's", "$HOME `id` $(id)", 'a "b" \\ c', "two\nlines", ":key: [red]é[/red]", ""])
def test_no_character_of_a_value_means_anything_to_the_shell(value: str) -> None:
    shell = subprocess.run(
        ["sh", "-c", f'{logic.as_shell({"VALUE": value})}\nprintf %s "$VALUE"'],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    assert shell.stdout == value


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)/1", "a/1"),
        ("$(A)$(A)", "aa"),
        ("$$(A)", "$(A)"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$A $ $(", "$A $ $("),
        ("100$$", "100$"),
    ],
)
def test_references_follow_the_rules_of_kubernetes(text: str, expanded: str) -> None:
    assert logic.expand(text, {"A": "a"}) == expanded


def test_what_looks_like_a_secret_and_comes_from_none_is_masked_unless_the_settings_say_that_it_is_none() -> None:
    found = {"BIND_PW": "hunter2", "NOTE": "redis://:hunter2@cache", "LOGIN_TOKEN": "opaque", "HOST": "a.example.com"}
    shown = logic.without_plain_secrets(found, frozenset({"opaque"}))
    assert "hunter2" not in str(shown)
    assert shown["BIND_PW"] == "<not shown: the value of what is called like a secret>"
    assert shown["NOTE"] == "<not shown: a URL with a password>"
    assert (shown["LOGIN_TOKEN"], shown["HOST"]) == ("opaque", "a.example.com")


def test_a_value_out_of_a_secret_is_not_expanded_again() -> None:
    source = {"secretKeyRef": {"name": "s", "key": "k"}}
    found = {"env": [{"name": "A", "value": "a"}, {"name": "B", "valueFrom": source}, {"name": "C", "value": "$(B)"}]}
    assert logic.resolve(found, lambda _name, _key: "$(A)", {}) == {"A": "a", "B": "$(A)", "C": "$(A)"}


def test_deployed_secrets_are_read_from_the_stacks_own_context(run: Run, cluster: dict[str, dict[str, str]]) -> None:
    cluster["flagsmith-database"] = {"DATABASE_URL": "postgresql://deployed"}
    cluster["flagsmith-redis"] = {"REDIS_URL": "redis://:deployed@flagsmith-redis:6379"}
    cluster["flagsmith-django"] = keys("deployed-key")
    found = variables(run("env", "--stack", "production", "--show-secrets", "--format", "json"))
    assert found["DATABASE_URL"] == "postgresql://deployed"
    assert found["WAREHOUSE_CREDENTIALS_SECRET"] == "deployed-key"
    assert found["CACHE_ENVIRONMENT_DOCUMENT_LOCATION"].startswith("redis://:deployed@flagsmith-redis:6379/3?")


def test_a_secret_that_is_not_deployed_is_named(run: Run, cluster: dict[str, dict[str, str]]) -> None:
    cluster["flagsmith-django"] = keys("x")
    result = run("env", "--stack", "production", "--show-secrets")
    assert result.exit_code == 1
    assert "no Secret feature-flags/flagsmith-database in context 'production-context'" in result.stderr
    assert "--generate" in result.stderr
    assert result.stdout == ""


def test_a_missing_key_of_a_deployed_secret_is_named(run: Run, cluster: dict[str, dict[str, str]]) -> None:
    cluster["flagsmith-django"] = {"OTHER": "secret-value"}
    result = run("env", "--stack", "production", "--show-secrets")
    assert "without the key DJANGO_SECRET_KEY; it has: OTHER." in result.stderr
    assert "secret-value" not in result.stderr


def test_an_overridden_secret_need_not_be_there(run: Run, cluster: dict[str, dict[str, str]]) -> None:
    cluster["flagsmith-django"] = keys("deployed-key")
    found = variables(run("env", "--stack", "production", "--show-secrets", "--format", "json", *URLS))
    assert found["DJANGO_SECRET_KEY"] == "deployed-key"


def test_nothing_is_made_up_for_a_secret_of_somebody_else() -> None:
    value = logic.from_program(recorded("production").program, "feature-flags")
    with pytest.raises(OpsError, match="The Secret theirs \\(key password\\) is not made by this stack"):
        value("theirs", "password")


def test_an_override_the_container_has_no_variable_for_is_told(run: Run) -> None:
    result = run("env", "--component", "migrate", "--generate", "--format", "json", *URLS)
    assert "REDIS_URL" not in variables(result)
    assert "has no REDIS_URL" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--redis", "redis://:secret@127.0.0.1:6379"), "secrets are masked here"),
        (("--generate", "--redis", "redis://:secret@127.0.0.1:6379/1"), "must be a Redis URL without a database"),
        (("--generate", "--redis", "127.0.0.1:6379"), "must be a Redis URL without a database"),
        (("--generate", "--postgres", "postgresql://me:secret@127.0.0.1"), "not a PostgreSQL URL"),
        (("--generate", "--show-secrets"), "cannot be used together"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(run: Run, options: tuple[str, ...], message: str) -> None:
    result = run("env", *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "secret@" not in result.stderr


def test_what_only_a_running_pod_knows_is_refused() -> None:
    source: dict[str, Any] = {"fieldRef": {"fieldPath": "spec.nodeName"}}
    with pytest.raises(OpsError, match="NODE comes from"):
        logic.resolve({"env": [{"name": "NODE", "valueFrom": source}]}, logic.masked, {})
