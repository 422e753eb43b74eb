"""What asks no cluster says what it leaves out, and why; a stack's file can say what its cluster has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.stacks.files import Stack, load_stack
from flagops.stacks.left_out import left_out
from tests.recording import ROOT

Run = Callable[..., Result]
API = "monitoring.coreos.com/v1"


def production(**settings: object) -> Stack:
    stack = load_stack("production", ROOT)
    return replace(stack, config={**stack.config, **{f"feature-flags:{key}": item for key, item in settings.items()}})


def test_what_nothing_says_the_cluster_has_is_named_with_what_there_is_instead() -> None:
    said = str(left_out(production()))
    assert f"PodMonitor of {API}, so the pods carry prometheus.io annotations instead" in said
    assert f"PrometheusRule of {API}, so there are no alerts" in said
    assert "nothing says that the cluster serves it" in said
    assert f"write `feature-flags:apiVersions: [{API}]` into Pulumi.production.yaml" in said


@pytest.mark.parametrize(
    ("settings", "option", "said"),
    [
        ({"apiVersions": [API]}, (), None),
        ({}, (API,), None),
        ({"monitoring": {"enabled": False}}, (), None),
        ({"apiVersions": []}, (), "apiVersions in Pulumi.production.yaml does not list it"),
        ({"apiVersions": [API]}, ("cert-manager.io/v1",), "--api-versions does not list it"),
        ({"apiVersions": [f"{API}/PodMonitor"]}, (), "PrometheusRule"),
    ],
)
def test_the_file_or_the_option_says_what_there_is(
    settings: dict[str, object], option: tuple[str, ...], said: str | None
) -> None:
    found = left_out(production(**settings), option)
    assert found is None if said is None else said in str(found)


def kinds(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.glob("*.yaml"))


def test_render_and_policy_check_say_it_and_with_the_option_have_it(run: Run, tmp_path: Path) -> None:
    shown = run("render", "--stack", "production", "--out", str(tmp_path / "without"))
    assert "Left out" in shown.stderr
    assert "PodMonitor" not in kinds(tmp_path / "without")
    shown = run("render", "--stack", "production", "--out", str(tmp_path / "with"), "--api-versions", API)
    assert "Left out" not in shown.stderr
    assert "kind: PodMonitor" in kinds(tmp_path / "with")
    assert "Left out" in run("policy", "check", "--stack", "production").stderr


def test_render_has_what_the_stack_s_file_says(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: Any) -> Stack:
        return production(apiVersions=[API])

    monkeypatch.setattr("flagops.commands.render.command.load_stack", load)
    shown = run("render", "--stack", "production", "--out", str(tmp_path))
    assert "Left out" not in shown.stderr
    assert "kind: PrometheusRule" in kinds(tmp_path)


def test_no_rule_is_said_to_be_kept_where_nothing_was_looked_at(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("---\n")
    shown = run("policy", "check", str(tmp_path))
    assert shown.exit_code == 1
    assert "There is no object in" in shown.stderr
