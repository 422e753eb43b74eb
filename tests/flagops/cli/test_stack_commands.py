"""`ff up`, `ff preview` and `ff down` over a fake engine."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from flagops.engines.choice import LESS, Choice
from flagops.engines.deployer import EngineName
from flagops.errors import NoAccessError, OpsError
from tests.flagops.cli import fakes

Run = Callable[..., Result]


def test_up_says_where_it_is_and_how_to_log_in_on_stdout(run: Run, engine: fakes.FakeDeployer) -> None:
    result = run("up")
    assert result.exit_code == 0
    assert engine.calls == ["up"]
    for value in (
        "https://flags.example.com",
        "admin@flags.example.com",
        "flagsmith-admin (admin)",
        "ff admin password --stack local",
    ):
        assert value in result.stdout
    assert "Nothing is served" not in result.stdout


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("command", [("up", "--yes"), ("preview",), ("down", "--yes")])
def test_the_direct_engine_says_at_its_start_what_it_does_not_do_for_another_stack_than_local(
    run: Run, command: tuple[str, ...]
) -> None:
    elsewhere = run(*command, "--stack", "staging")
    assert elsewhere.exit_code == 0
    assert f"Using the direct engine: a reason.\n{LESS}\n" in elsewhere.stderr
    assert LESS not in elsewhere.stdout
    assert LESS not in run(*command).stderr


def test_the_pulumi_cli_promises_all_of_it() -> None:
    assert Choice(EngineName.CLI).warning("staging") == ""


@pytest.mark.usefixtures("engine")
def test_up_keeps_progress_warnings_and_totals_on_stderr(run: Run) -> None:
    result = run("up")
    for text in (
        "Using the direct engine: a reason",
        "created    Deployment flagsmith",
        "1 created",
        "Warning: the host",
    ):
        assert text in result.stderr
        assert text not in result.stdout


@pytest.mark.usefixtures("engine")
def test_up_on_simulated_nodes_ends_by_saying_that_nothing_is_served(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.commands.deploy.command.nothing_runs_in", lambda *_: True)
    result = run("up")
    assert result.exit_code == 0
    assert "https://flags.example.com" not in result.stdout
    assert "Nothing is served" in result.stdout
    assert "now, here and without a cluster: ff flags serve" in result.stdout
    assert "start Docker" in result.stdout
    assert "set `host` and `context`" in result.stdout


def test_up_of_another_stack_without_a_terminal_needs_yes(run: Run, engine: fakes.FakeDeployer) -> None:
    result = run("up", "--stack", "staging")
    assert result.exit_code == 1
    assert "Add --yes." in result.stderr
    assert engine.calls == []


def test_up_of_another_stack_with_yes_asks_nothing(run: Run, engine: fakes.FakeDeployer) -> None:
    assert run("up", "--stack", "staging", "--yes").exit_code == 0
    assert engine.calls == ["up"]


@pytest.mark.parametrize(("answer", "calls"), [("y", ["preview", "up"]), ("n", ["preview"])])
def test_up_of_another_stack_shows_the_changes_and_asks(
    run: Run, engine: fakes.FakeDeployer, monkeypatch: pytest.MonkeyPatch, answer: str, calls: list[str]
) -> None:
    monkeypatch.setattr("flagops.terminal.confirm.is_terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: answer == "y")
    result = run("up", "--stack", "staging")
    assert engine.calls == calls
    assert result.exit_code == (0 if answer == "y" else 1)
    assert "~ update  Deployment flagsmith" in result.stderr


def test_preview_prints_the_changes_and_their_fields(run: Run, engine: fakes.FakeDeployer) -> None:
    result = run("preview")
    assert engine.calls == ["preview"]
    assert "~ update  Deployment flagsmith" in result.stdout
    assert "spec.replicas: 3 → 4" in result.stdout
    assert "1 to update; 20 unchanged." in result.stdout


@pytest.mark.usefixtures("engine")
def test_preview_as_json_is_all_that_stdout_holds(run: Run) -> None:
    plan = json.loads(run("preview", "--json").stdout)
    assert plan["engine"] == "direct"
    assert plan["unchanged"] == 20
    assert [(change["action"], change["kind"], change["name"]) for change in plan["changes"]] == [
        ("update", "Deployment", "flagsmith")
    ]


def test_down_checks_for_protected_resources_before_it_asks(run: Run, engine: fakes.FakeDeployer) -> None:
    engine.protected = OpsError("Nothing was deleted:\n  Namespace feature-flags")
    result = run("down", "--yes")
    assert result.exit_code == 1
    assert "Namespace feature-flags" in result.stderr
    assert engine.calls == ["check_down"]


def test_down_of_any_stack_needs_a_confirmation(run: Run, engine: fakes.FakeDeployer) -> None:
    result = run("down")
    assert result.exit_code == 1
    assert "Add --yes." in result.stderr
    assert engine.calls == ["check_down"]


def test_down_with_yes_removes(run: Run, engine: fakes.FakeDeployer) -> None:
    result = run("down", "--yes")
    assert result.exit_code == 0
    assert engine.calls == ["check_down", "down"]
    assert "21 deleted" in result.stderr


def test_a_failure_is_a_message_and_a_hint_without_a_stack_trace(run: Run, engine: fakes.FakeDeployer) -> None:
    engine.failure = OpsError("Deployment [api] is not ready", hint="Look at [its] pods.")
    result = run("up")
    assert result.exit_code == 1
    assert "Error: Deployment [api] is not ready" in result.stderr
    assert "Look at [its] pods." in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_an_interrupt_exits_with_130(run: Run, engine: fakes.FakeDeployer) -> None:
    engine.failure = KeyboardInterrupt()
    result = run("up")
    assert result.exit_code == 130
    assert "Interrupted" in result.stderr


@pytest.mark.parametrize("command", ["up", "preview"])
def test_preview_and_up_ask_before_anything_else_and_let_it_through_when_told(
    command: str, run: Run, engine: fakes.FakeDeployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise NoAccessError("The cluster cannot be asked.")

    monkeypatch.setattr("flagops.engines.older.refuse_older", refuse)
    result = run(command)
    assert result.exit_code == 1
    assert "The cluster cannot be asked" in result.stderr
    assert engine.calls == []
    assert run(command, "--older").exit_code == 0
    assert engine.calls == [command]
