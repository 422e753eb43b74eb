"""`ff` as a process in each world that it may find: what it prints, and what it ends with.

What each command says is in test_every_command.py, in one process; these take the whole way from its first line.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.servers import free_port

FF = Path(sys.executable).with_name("ff")
SECONDS = 60
# What reads, and what deploys; `staging` is a stack of somebody's own cluster.
COMMANDS = (("doctor",), ("up", "--yes", "--engine", "direct"))


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


def run(kubeconfig: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FF, *command, "--stack", "staging"],
        env={**os.environ, "KUBECONFIG": str(kubeconfig), "FF_STATE_DIR": str(kubeconfig.parent), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What a command says that did not do what it was asked for: an error or a finding, and no stack trace."""
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert said.count("Error:") <= 1
    assert "Deployed:" not in said
    return said


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_there_is_no_cluster(tmp_path: Path, command: tuple[str, ...]) -> None:
    missing = tmp_path / "kubeconfig"
    assert f"There is no kubeconfig at {missing}." in refused(run(missing, *command))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_api_server_is_dead(tmp_path: Path, command: tuple[str, ...]) -> None:
    dead = FakeCluster(free_port()).kubeconfig(tmp_path / "kubeconfig", "staging")
    assert "cannot be reached" in refused(run(dead, *command))


def test_the_namespace_is_empty(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.add("v1", "Namespace", NAMESPACE)
    refused(run(cluster.kubeconfig(tmp_path / "kubeconfig", "staging"), "doctor"))


def test_the_nodes_are_simulated(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.add("v1", "Namespace", NAMESPACE)
    cluster.add("v1", "Node", "simulated-1", metadata={"annotations": {"kwok.x-k8s.io/node": "fake"}})
    said = refused(run(cluster.kubeconfig(tmp_path / "kubeconfig", "staging"), "logs"))
    assert "Nothing runs in the stack 'staging': the nodes in context 'staging' are simulated" in said
