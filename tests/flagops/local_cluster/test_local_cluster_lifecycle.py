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
from flagops.local_cluster.api import LocalCluster
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


def made_by_a_command(home: Path, stages: Path) -> None:
    """A cluster whose making process has ended."""
    program = (
        "import sys; from pathlib import Path; from flagops.local_cluster import api;"
        "api.up(home=Path(sys.argv[1]), kind='simulated', extra_stages=[Path(sys.argv[2])])"
    )
    command = [sys.executable, "-c", program, str(home), str(stages)]
    subprocess.run(command, check=True, capture_output=True)


def require_answer(kubeconfig: Path) -> None:
    """The stage that was added does its work."""
    with client_for(kubeconfig) as connection:
        core = client.CoreV1Api(connection)
        core.create_namespaced_config_map("default", {"metadata": {"name": "ask"}})

        def the_stage_answers() -> bool:
            return bool(core.read_namespaced_config_map("ask", "default").data == {"answer": "42"})

        eventually(the_stage_answers)


def port_of_etcd(home: Path) -> int:
    known = state.load(home)
    assert known is not None
    etcd = next(record for record in known.processes if record.name == "etcd")
    (url,) = (item.partition("=")[2] for item in etcd.arguments if item.startswith("--listen-client-urls="))
    return int(url.rpartition(":")[2])


def test_a_cluster_outlives_its_command_is_repaired_with_what_it_holds_and_ends_without_a_trace(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = set(Path(tempfile.gettempdir()).iterdir())
    console = Console(file=io.StringIO(), width=200)
    stages = tmp_path / "stages.yaml"
    stages.write_text(EXTRA_STAGE)
    made_by_a_command(home, stages)
    assert api.status(home=home).up
    kubeconfig = api.kubeconfig_path(home=home)
    cluster = LocalCluster(kind="simulated", kubeconfig=kubeconfig)
    require_answer(kubeconfig)
    note(kubeconfig)

    # One program has ended.
    before = {process.name: process.pid for process in api.status(home=home).processes}
    kill([before["kube-apiserver"]])
    assert api.status(home=home).problem == "no longer running: kube-apiserver."
    assert api.up(console, home=home) == cluster
    after = {process.name: process.pid for process in api.status(home=home).processes}
    assert api.status(home=home).up
    assert before["kube-apiserver"] != after["kube-apiserver"]
    assert before["etcd"] == after["etcd"]
    assert is_kept(kubeconfig)

    # All have, as a restart of the machine leaves it.
    kill(after.values())
    assert api.up(console, home=home) == cluster
    assert is_kept(kubeconfig)

    # Once more, and somebody has taken a port meanwhile.
    kill(process.pid for process in api.status(home=home).processes)
    port = port_of_etcd(home)

    def it_is_free() -> bool:
        return ports.taken_by(port) is None

    eventually(it_is_free)
    holder = rf"etcd cannot be started again after 0\.5 s: port {port} is taken by .*, process \d+"
    with monkeypatch.context() as impatient:
        impatient.setattr(simulated, "FREED_SECONDS", 0.5)
        with socket.create_server(("127.0.0.1", port)), pytest.raises(DeadlineError, match=holder):
            api.up(console, home=home)
    assert api.up(console, home=home) == cluster
    assert is_kept(kubeconfig)
    with client_for(kubeconfig) as connection:
        assert nothing_runs(Client(connection), "default"), "its nodes say that they are simulated"
    assert len(processes_of(home)) == 5

    assert api.down(console, home=home)
    assert processes_of(home) == []
    assert list(home.iterdir()) == []
    made = {path.name for path in set(Path(tempfile.gettempdir()).iterdir()) - temporary}
    assert not [name for name in made if "kube" in name or "kwok" in name or "hostpath" in name]
