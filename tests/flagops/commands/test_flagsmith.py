"""Commands that ask the deployed Flagsmith itself, through a port-forward of their own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from typer.testing import Result

from flagops.flagsmith_api.administrator import password
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.doubles.flagsmith import Flagsmith, serve

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers) -> Iterator[Flagsmith]:
    """The double, where the API's pods answer."""
    made = Flagsmith(
        email=instance.settings.admin_email,
        password=password(instance),
        project=instance.settings.admin.project,
        version=instance.settings.version,
    )
    with serve(made, containers.api_port):
        made.add_environments("development", "staging", "production")
        yield made


def add_flag(flagsmith: Flagsmith, name: str, value: object) -> None:
    with FlagsmithClient(flagsmith.url) as client:
        client.log_in(flagsmith.email, flagsmith.password)
        client.post("/api/v1/projects/1/features/", {"name": name, "initial_value": value, "default_enabled": True})


def test_the_flags_that_an_environment_serves_by_name_and_by_key(flagsmith: Flagsmith, run: Run) -> None:
    add_flag(flagsmith, "banner", "hello")
    shown = run("flags", "get", "--environment", "staging")
    assert shown.exit_code == 0, shown.stderr
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["FLAG", "STATE", "TYPE", "VALUE"],
        ["banner", "on", "STANDARD", "hello"],
    ]
    key = str(flagsmith.database.one("environments", name="staging")["api_key"])
    found = json.loads(run("flags", "get", "--environment-key", key, "--json").stdout)
    assert found == [{"name": "banner", "enabled": True, "value": "hello", "kind": "STANDARD"}]


def test_unknown_environments_and_keys_are_named(flagsmith: Flagsmith, run: Run) -> None:
    shown = run("flags", "get", "--environment", "testing")
    assert shown.exit_code == 1
    assert "There is no environment 'testing'; there are: development, staging, production." in shown.stderr
    shown = run("flags", "get", "--environment-key", "wrong")
    assert "Flagsmith refuses this environment key." in shown.stderr
    shown = run("flags", "get")
    assert "Which environment?" in shown.stderr
    assert flagsmith.url


def test_a_password_that_somebody_changed_is_said_so(flagsmith: Flagsmith, run: Run) -> None:
    flagsmith.database.one("users")["password"] = "changed in the UI"
    shown = run("flags", "get", "--environment", "staging")
    assert shown.exit_code == 1
    assert "The administrator's log-in is refused" in shown.stderr
    assert "ff admin password --reset" in shown.stderr


def test_the_smoke_tests_find_their_keys_and_their_way(flagsmith: Flagsmith, run: Run) -> None:
    shown = run("smoke", "--json")
    assert shown.exit_code == 0, shown.stdout
    found = {item["name"]: item["outcome"] for item in json.loads(shown.stdout)}
    assert {name for name, outcome in found.items() if outcome == "skipped"} == {
        "values",
        "certificate",
        "redirect",
        "unpublished",
        "further-names",
        "edge",
        "edge-documents",
    }
    assert flagsmith.database.rows("features") == []


def test_the_smoke_tests_notice_another_release(flagsmith: Flagsmith, run: Run) -> None:
    flagsmith.version = "2.0.0"
    shown = run("smoke", "--skip", "round-trip")
    assert shown.exit_code == 1
    assert "it is 2.0.0, and the settings say 2.265.0" in shown.stdout


def test_an_address_leads_here_by_a_port_of_this_machine_or_by_an_ingress_elsewhere(instance: Instance) -> None:
    assert not instance.is_published, "simulated nodes have no port"
    assert replace(instance, is_mapped=True).is_published
    assert not replace(instance, kubeconfig=None).is_published, "a borrowed cluster has neither"
    assert replace(instance, kubeconfig=None, stack=replace(instance.stack, name="staging")).is_published
