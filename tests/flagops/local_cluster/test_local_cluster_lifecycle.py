"""A simulated cluster of its own for what breaks one: repairing it with all it holds, and ending it without a trace."""

import io
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest
from kubernetes import client
from rich.console import Console

from flagops.errors import DeadlineError
from flagops.kubernetes.client import Client
from flagops.kubernetes.simulated_nodes import nothing_runs
from flagops.local_cluster import api, ports, simulated, state
from tests.fixtures_cluster import client_for, eventually

pytestmark = pytest.mark.cluster

EXTRA_STAGE = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: answer}
spec:
  resourceRef: {apiGroup: v1, kind: ConfigMap}
  selector:
    matchExpressions:
      - {key: '.metadata.name', operator: In, values: [ask]}
  steps:
    - patch:
        root: data
        template: |
          answer: "42"
"""


@pytest.fixture
def home(cluster_programs: None, tmp_path: Path) -> Iterator[Path]:  # noqa: ARG001
    home = tmp_path / "state"
    yield home
    api.down(home=home)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process on this machine whose command line names the directory."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(home) in argument for argument in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def note(kubeconfig: Path) -> None:
    """Deploy something to the cluster."""
    with client_for(kubeconfig) as connection:
        data = {"metadata": {"name": "note"}, "data": {"kept": "yes"}}
        client.CoreV1Api(connection).create_namespaced_config_map("default", data)


def is_kept(kubeconfig: Path) -> bool:
    with client_for(kubeconfig) as connection:
        found = client.CoreV1Api(connection).read_namespaced_config_map("note", "default")
        return bool(found.data == {"kept": "yes"})


def kill(pids: Iterable[int]) -> None:
    """Kill processes, and wait until each of them is gone: one that is killed lives on for a moment."""
    killed = [psutil.Process(pid) for pid in pids]
    for process in killed:
        process.kill()
    assert psutil.wait_procs(killed, timeout=30)[1] == []


def test_what_has_ended_is_noticed_and_started_again_and_what_it_holds_stays(home: Path) -> None:
    temporary = set(Path(tempfile.gettempdir()).iterdir())
    console = Console(file=io.StringIO(), width=200)
    first = api.up(console, home=home, kind="simulated")
    note(first.kubeconfig)
    before = {process.name: process.pid for process in api.status(home=home).processes}
    kill([before["kube-apiserver"]])
    assert api.status(home=home).problem == "no longer running: kube-apiserver."
    assert api.up(console, home=home) == first
    after = {process.name: process.pid for process in api.status(home=home).processes}
    assert api.status(home=home).up
    assert before["kube-apiserver"] != after["kube-apiserver"]
    assert before["etcd"] == after["etcd"]
    assert is_kept(first.kubeconfig)

    # As a restart of the machine leaves it.
    kill(after.values())
    assert api.up(console, home=home) == first
    assert is_kept(first.kubeconfig)
    with client_for(first.kubeconfig) as connection:
        assert nothing_runs(Client(connection), "default"), "its nodes say that they are simulated"
    assert len(processes_of(home)) == 5

    assert api.down(console, home=home)
    assert processes_of(home) == []
    assert list(home.iterdir()) == []
    made = {path.name for path in set(Path(tempfile.gettempdir()).iterdir()) - temporary}
    assert not [name for name in made if "kube" in name or "kwok" in name or "hostpath" in name]


def test_a_port_that_somebody_took_meanwhile_is_named_and_nothing_is_deleted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(file=io.StringIO(), width=200)
    first = api.up(console, home=home, kind="simulated")
    note(first.kubeconfig)
    known = state.load(home)
    assert known is not None
    kill(record.pid for record in known.processes)
    etcd = next(record for record in known.processes if record.name == "etcd")
    (url,) = (item.partition("=")[2] for item in etcd.arguments if item.startswith("--listen-client-urls="))
    port = int(url.rpartition(":")[2])

    def it_is_free() -> bool:
        return ports.taken_by(port) is None

    eventually(it_is_free)
    monkeypatch.setattr(simulated, "FREED_SECONDS", 0.5)
    holder = rf"etcd cannot be started again after 0\.5 s: port {port} is taken by .*, process \d+"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(DeadlineError, match=holder):
        api.up(console, home=home)
    assert api.up(console, home=home) == first
    assert is_kept(first.kubeconfig)


def test_a_cluster_outlives_the_command_that_made_it_and_takes_more_stages(home: Path, tmp_path: Path) -> None:
    stages = tmp_path / "stages.yaml"
    stages.write_text(EXTRA_STAGE)
    program = (
        "import sys; from pathlib import Path; from flagops.local_cluster import api;"
        "api.up(home=Path(sys.argv[1]), kind='simulated', extra_stages=[Path(sys.argv[2])])"
    )
    command = [sys.executable, "-c", program, str(home), str(stages)]
    subprocess.run(command, check=True, capture_output=True)
    assert api.status(home=home).up
    with client_for(api.kubeconfig_path(home=home)) as connection:
        core = client.CoreV1Api(connection)
        core.create_namespaced_config_map("default", {"metadata": {"name": "ask"}})

        def the_stage_answers() -> bool:
            return bool(core.read_namespaced_config_map("ask", "default").data == {"answer": "42"})

        eventually(the_stage_answers)
