"""What a simulated cluster that cannot start says, and that it leaves nothing."""

import io
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from flagops.errors import FailedError, OpsError
from flagops.local_cluster import api, pins, ports, simulated, state
from tests.flagops.local_cluster.programs import make_program


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory, and a control plane of programs that only tell their version and wait."""
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    for source in pins.CONTROL_PLANE:
        for name in source.packages:
            make_control_plane_program(tmp_path, name, "while true; do sleep 0.1; done")
    return tmp_path / "home"


def make_control_plane_program(directory: Path, name: str, script: str) -> None:
    version = next(pins.version(source) for source in pins.CONTROL_PLANE if name in source.packages)
    make_program(directory / "assets", name, f'case "$1" in --version) echo {version}; exit;; esac\n{script}')


def test_a_process_that_dies_at_the_start_is_named_with_its_exit_code_and_last_lines(
    home: Path, console: Console
) -> None:
    make_control_plane_program(home.parent, "etcd", "echo the disk is on fire; exit 3")
    with pytest.raises(OpsError, match=r"etcd ended with exit code 3 .*:\nthe disk is on fire"):
        api.up(console, home=home, kind="simulated")
    assert list(home.iterdir()) == []


def test_a_port_taken_meanwhile_is_tried_again_with_others_whatever_the_program_says(
    home: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = home.parent / "attempts"
    make_control_plane_program(home.parent, "etcd", f"echo x >> {attempts}; exit 1")
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        chosen = ports.free_ports()
        monkeypatch.setattr(ports, "free_ports", lambda: replace(chosen, etcd=somebody.getsockname()[1]))
        with pytest.raises(simulated.PortTakenError):
            api.up(console, home=home, kind="simulated")
    assert attempts.read_text() == "x\n" * 3


def test_a_program_that_fails_is_not_tried_again_for_what_it_says(home: Path, console: Console) -> None:
    attempts = home.parent / "attempts"
    make_control_plane_program(
        home.parent, "etcd", f'echo x >> {attempts}; echo "bind: address already in use"; exit 1'
    )
    with pytest.raises(FailedError, match="address already in use"):
        api.up(console, home=home, kind="simulated")
    assert attempts.read_text() == "x\n"


def test_an_interrupted_start_leaves_nothing(home: Path, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("flagops.local_cluster.rest.is_ready", interrupt)
    with pytest.raises(KeyboardInterrupt):
        api.up(console, home=home, kind="simulated")
    assert list(home.iterdir()) == []


def test_a_killed_start_is_seen_by_status_and_cleared_by_down(home: Path, console: Console) -> None:
    state.save(home, state.ClusterRecord(kind="simulated", complete=False))
    assert api.status(home=home).problem == "its making was interrupted."
    with pytest.raises(OpsError, match="no local cluster"):
        api.kubeconfig_path(home=home)
    assert api.down(console, home=home)
    assert list(home.iterdir()) == []


def test_a_damaged_record_is_refused_since_processes_are_ended_by_it(home: Path, console: Console) -> None:
    (home / "cluster").mkdir(parents=True)
    (home / "cluster" / "state.json").write_text("{")
    with pytest.raises(OpsError, match=r"state\.json, is damaged"):
        api.down(console, home=home)


def test_without_a_cluster_status_says_so_and_down_does_nothing(tmp_path: Path, console: Console) -> None:
    home = tmp_path / "nowhere"
    assert not api.status(home=home).up
    assert not api.down(console, home=home)
    assert not home.exists()
