"""`ff flags get` at an address: what a Flagsmith serves that is no stack's."""

import json

import pytest

from flagops.commands.flags.catalogue import options
from flagops.flagsmith_api.address import API_KEY
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.switching import FLAG, is_served


def test_the_flags_of_an_environment_by_its_name(applied: Project, run: Run) -> None:
    for environment in ("staging", "production"):
        shown = run("flags", "get", "--url", applied.url, "-e", environment, "--json")
        assert shown.exit_code == 0, shown.stderr
        found = {flag["name"]: flag["enabled"] for flag in json.loads(shown.stdout)}
        assert found[FLAG] is is_served(applied, FLAG, environment)
    assert found[FLAG] is False, "so that both are seen"


def test_the_key_of_an_environment_needs_no_log_in(applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    key = applied.environments()["staging"]
    monkeypatch.delenv(API_KEY)
    shown = run("flags", "get", "--url", applied.url, "--environment-key", key)
    assert shown.exit_code == 0, shown.stderr
    assert FLAG in shown.stdout
    refused = run("flags", "get", "--url", applied.url, "-e", "staging")
    assert refused.exit_code == 1
    assert f"the variable {API_KEY} is empty" in refused.stderr


def test_a_wrong_name_key_or_address_is_named(applied: Project, run: Run) -> None:
    for words, said in (
        (("-e", "Staging"), "There is no environment 'Staging': it is called 'staging'."),
        (("--environment-key", "wrong"), "Flagsmith refuses this environment key."),
        (("--project", "other", "-e", "staging"), "There is no project 'other'"),
        (("--project", "other", "--environment-key", "key"), "--project goes with --environment"),
        ((), "Which environment?"),
    ):
        shown = run("flags", "get", "--url", applied.url, *words)
        assert shown.exit_code == 1, words
        assert said in shown.stderr
    assert "must be http:// or https://" in run("flags", "get", "--url", "flags", "--environment-key", "key").stderr


@pytest.mark.parametrize(
    "command", [("get", "-e", "staging"), ("explain", FLAG, "-e", "staging")], ids=["get", "explain"]
)
def test_of_several_projects_one_is_named(applied: Project, run: Run, command: tuple[str, ...]) -> None:
    assert applied.double
    applied.double.database.insert("projects", name="another", organisation=1)
    unnamed = run("flags", *command, "--url", applied.url)
    assert unnamed.exit_code == 1
    assert "Which project of" in unnamed.stderr
    assert "--project" in unnamed.stderr
    named = run("flags", *command, "--url", applied.url, "--project", "FootAnalytics")
    assert named.exit_code == 0, named.stderr


@pytest.mark.parametrize(
    "command",
    [("rollout", "status"), ("release", FLAG), ("set", FLAG, "--off", "-e", "staging", "--reason", "a trial")],
    ids=["rollout status", "release", "set"],
)
def test_a_command_without_project_is_told_of_the_catalogue(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    assert applied.double
    applied.double.database.insert("projects", name="another", organisation=1)
    with monkeypatch.context() as without:
        without.setattr(options, "CATALOGUE", "none.yaml")
        told = run("flags", *command, "--url", applied.url)
    assert told.exit_code == 1
    assert "Name it: `project: NAME` in the catalogue (--catalogue)" in told.stderr
    named = run("flags", *command, "--url", applied.url, "-c", str(EXAMPLE))
    assert named.exit_code == 0, named.stderr


def test_the_usage_is_of_the_catalogue_s_project(applied: Project, run: Run) -> None:
    assert applied.double
    applied.double.database.insert("projects", name="another", organisation=1)
    shown = run("flags", "usage", "--url", applied.url)
    assert shown.exit_code == 0, shown.stderr
    assert FLAG in shown.stdout
