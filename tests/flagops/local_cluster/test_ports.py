"""A killed process's port: it may stay taken for a moment, which is waited for, and somebody else's is named."""

import io
import socket
from pathlib import Path
from threading import Timer

import psutil
import pytest
from rich.console import Console

from flagops.local_cluster import api, binaries, control_plane, ports, rest, simulated, state
from flagops.local_cluster.processes import ProcessRecord
from tests.flagops.local_cluster.programs import make_program


def test_the_ports_of_a_component_are_read_from_its_arguments() -> None:
    chosen = ports.free_ports()
    arguments = [
        f"--listen-client-urls=https://127.0.0.1:{chosen.etcd}",
        f"--listen-peer-urls=https://127.0.0.1:{chosen.etcd_peer}",
        f"--etcd-servers=https://127.0.0.1:{chosen.api_server}",
        f"--secure-port={chosen.scheduler}",
        f"--server-address=127.0.0.1:{chosen.kubelets}",
    ]
    assert control_plane.ports_of(arguments) == [chosen.etcd, chosen.etcd_peer, chosen.scheduler, chosen.kubelets]


def test_a_taken_port_is_told_with_its_holder_and_a_free_one_as_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        assert f"process {psutil.Process().pid}" in (ports.taken_by(port) or "")
    assert ports.taken_by(port) is None


def test_a_component_is_started_again_as_soon_as_the_kernel_lets_go_of_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, console = tmp_path / "home", Console(file=io.StringIO(), width=200)
    program = make_program(tmp_path, "etcd", "while true; do sleep 0.1; done")
    somebody = socket.create_server(("127.0.0.1", 0))
    port = somebody.getsockname()[1]
    record = ProcessRecord(name="etcd", pid=2**22 - 1, started=1.0, arguments=[f"--secure-port={port}"], log="")
    known = state.ClusterRecord(kind="simulated", complete=True, processes=(record,))
    state.save(home, known)
    (home / "kubeconfig").write_text("")
    monkeypatch.setattr(binaries, "control_plane", lambda _: {"etcd": program})
    monkeypatch.setattr(rest, "client", lambda _: io.StringIO())
    monkeypatch.setattr(rest, "nodes", lambda _: ())
    timer = Timer(0.5, somebody.close)
    timer.start()
    try:
        simulated.repair(home, console, known)
        again = state.load(home)
        assert again is not None
        assert again.processes[0].pid != record.pid
        assert f"Waiting for ports of etcd: port {port} is taken" in console.file.getvalue()  # type: ignore[attr-defined]
    finally:
        timer.join()
        api.down(console, home=home)
