"""What changes the database as a whole: refused while it moves, and while another such command is at work."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from tests.commands import EVERY
from tests.fake_cluster import NAMESPACE, fake_cluster
from tests.flagops.commands.db.moving_world import project
from tests.flagops.commands.test_simulated import NEEDS_CONTAINERS

Run = Callable[..., Result]
# In which step of a move each is refused first.
REFUSED = {
    "up": "stopped",
    "upgrade": "stopped",
    "secrets rotate": "stopped",
    "db restore": "stopped",
    "db switchover": "stopped",
    "db upgrade": "prepared",
}
LINES = {**{name: NEEDS_CONTAINERS[name] for name in REFUSED if name != "up"}, "up": ("up --yes --engine direct",)}
STEPS = ("prepared", "stopped", "copying", "switching", "kept")
# Why each of the others may run, at any step.
FREE = {
    "it goes on with a move, or takes it back": ("db move",),
    "it deletes everything, and says so": ("down",),
    "it reads, or reads and deletes what is its own": (
        *("db backup", "db backups", "db check", "db connections", "db drill", "db psql", "env", "audit", "capacity"),
        *("cache info", "cache latency", "dashboard", "doctor", "logs", "open", "port-forward", "preview", "render"),
        *("secrets list", "shell", "smoke", "status", "tasks list", "policy check", "policy list", "keys list"),
        *("flags plan", "flags export", "flags diff", "flags get", "flags explain", "flags usage", "flags report"),
        *("flags release",),
    ),
    "it asks Flagsmith to write a row, which the database refuses while it takes nothing": (
        *("flags apply", "flags set", "keys sync", "keys adopt", "keys register", "keys rotate", "tasks unlock"),
        *(
            "admin password",
            "flags rollout back",
            "flags rollout pause",
            "flags rollout resume",
            "flags rollout run",
            "flags rollout start",
            "flags rollout status",
            "flags rollout test",
        ),
    ),
    "it changes no database": (
        *("cache flush", "restart", "flags serve", "flags codegen", "flags document", "flags promote", "images lock"),
        *("flags references", "flags schema", "flags validate", "images list", "completion", "docs"),
        *("flags rollout new", "init"),
        *("cluster up", "cluster down", "cluster forget", "cluster kubeconfig", "cluster status"),
    ),
}


def test_every_command_was_thought_of() -> None:
    named = [*REFUSED, *(name for names in FREE.values() for name in names)]
    assert sorted(named) == sorted(EVERY)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a project whose stack is in a step of a move; where its kubeconfig is to be."""

    def made(step: str) -> Path:
        home = tmp_path / step
        mode, beside = ("cloudnativepg", "embedded") if step in ("switching", "kept") else ("embedded", "cloudnativepg")
        project(home, {"mode": mode, "move": {"beside": beside, "step": step}})
        monkeypatch.setenv("FF_PROJECT", str(home))
        monkeypatch.setenv("KUBECONFIG", str(home / "kubeconfig"))
        monkeypatch.setenv("FF_STATE_DIR", str(home / "state"))
        return home / "kubeconfig"

    return made


@pytest.mark.parametrize("step", STEPS)
def test_while_the_database_moves_none_of_them_comes_between(run: Run, stack: Callable[[str], Path], step: str) -> None:
    kubeconfig = stack(step)
    with fake_cluster() as cluster:
        cluster.add("v1", "Namespace", NAMESPACE)
        cluster.kubeconfig(kubeconfig, "staging")
        for name, lines in LINES.items():
            first = STEPS.index(REFUSED[name])
            last = STEPS.index("copying" if name == "up" else "switching")
            for line in lines:
                result = run(*line.split(), "--stack", "staging")
                is_refused = "is being moved to cloudnativepg" in result.stderr
                assert is_refused == (first <= STEPS.index(step) <= last), (line, result.stderr)
                assert not is_refused or (result.exit_code == 1 and "ff db move --abort" in result.stderr)


def test_a_moment_is_not_gone_back_to_either(run: Run, stack: Callable[[str], Path]) -> None:
    with fake_cluster() as cluster:
        cluster.kubeconfig(stack("prepared"), "staging")
        cluster.add("v1", "Namespace", NAMESPACE)
        result = run("db", "restore", "--to", "2026-11-28T13:05:00Z", "--stack", "staging", "--yes")
    assert "is being moved" in result.stderr


def test_no_deployment_starts_what_another_run_has_stopped(run: Run, stack: Callable[[str], Path]) -> None:
    kubeconfig = stack("kept")
    with fake_cluster() as cluster:
        cluster.add("v1", "Namespace", NAMESPACE)
        cluster.kubeconfig(kubeconfig, "staging")
        renewed = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": "elsewhere/1/2/3", "renewTime": renewed, "leaseDurationSeconds": 20}
        cluster.add("coordination.k8s.io/v1", "Lease", "flagsmith-move", spec=spec)
        result = run("up", "--yes", "--engine", "direct", "--stack", "staging")
    assert result.exit_code == 1
    assert "Another run is working on the database of this stack" in result.stderr
    assert yaml.safe_load((kubeconfig.parent / "Pulumi.staging.yaml").read_text(encoding="utf-8"))
