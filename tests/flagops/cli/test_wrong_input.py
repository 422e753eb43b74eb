"""Wrong input ends as one message that names it, and never takes the place of another failure."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.engines.pulumi_cli.explain import explain
from tests.flagops.cli import fakes

Run = Callable[..., Result]


@pytest.mark.parametrize("below", ["", "/deeper"])
@pytest.mark.parametrize("command", ["up", "status", "kubeconfig"])
def test_a_state_directory_that_cannot_be_one_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, command: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FF_STATE_DIR", f"{tmp_path}/file{below}")
    result = run("cluster", command)
    assert result.exit_code == 1
    assert f"{tmp_path}/file{below}" in result.stderr
    assert "Set FF_STATE_DIR" in result.stderr


def test_an_unexpected_error_of_the_system_is_one_line(run: Run, engine: fakes.FakeDeployer) -> None:
    engine.failure = PermissionError(13, "Permission denied", "/some/file")
    result = run("up")
    assert result.exit_code == 1
    assert "Error: /some/file: Permission denied" in result.stderr


@pytest.mark.parametrize("error", [ValueError("odd"), RuntimeError("defect")])
def test_explaining_a_failure_never_raises_another(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise error

    monkeypatch.setattr("flagops.engines.pulumi_cli.explain.connect", connect)
    assert explain(None, "east", [{"kind": "Deployment"}]) == ""


def test_a_kubeconfig_that_is_not_there_explains_nothing(tmp_path: Path) -> None:
    assert explain(tmp_path / "absent", "east", [{"kind": "Deployment"}]) == ""


def test_a_shell_takes_over_what_pulumi_needs_for_local(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = tmp_path / "a long way, with spaces in it, down to the cluster" / "kubeconfig"
    monkeypatch.setattr("flagops.local_cluster.api.kubeconfig_path", lambda: kubeconfig)
    assert run("cluster", "kubeconfig").stdout.splitlines()[-1] == str(kubeconfig)
    lines = run("cluster", "kubeconfig", "--env").stdout
    shown = 'eval "$1"; printf "%s\\n" "$KUBECONFIG" "$PULUMI_BACKEND_URL" "$PULUMI_CONFIG_PASSPHRASE"'
    taken = subprocess.run(["sh", "-c", shown, "sh", lines], capture_output=True, text=True, check=True)
    backend = kubeconfig.parent / "pulumi"
    assert taken.stdout.splitlines() == [str(kubeconfig), backend.as_uri(), "local"]
    assert backend.stat().st_mode & 0o777 == 0o700
