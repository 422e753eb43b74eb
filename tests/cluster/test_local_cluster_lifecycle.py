"""A simulated cluster of its own for what breaks one: repairing it, and ending it without a trace."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kubernetes import client
from rich.console import Console

from ops.cluster import api
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


def test_a_killed_api_server_is_noticed_and_repaired_and_down_leaves_nothing(home: Path) -> None:
    temporary = set(Path(tempfile.gettempdir()).iterdir())
    console = Console(file=io.StringIO(), width=200)
    first = api.up(console, home=home, kind="simulated")
    before = api.status(home=home)
    server = next(process.pid for process in before.processes if process.name == "kube-apiserver")
    psutil.Process(server).kill()

    def status_notices() -> bool:
        return not api.status(home=home).up

    eventually(status_notices)
    assert api.status(home=home).problem == "no longer running: kube-apiserver."

    assert api.up(console, home=home, kind="simulated") == first
    after = api.status(home=home)
    assert after.up, after.problem
    assert "what was deployed to it is lost" in console.file.getvalue()  # type: ignore[attr-defined]
    assert not {process.pid for process in before.processes} & {process.pid for process in after.processes}
    assert len(processes_of(home)) == len(after.processes) == 5

    assert api.down(console, home=home)
    assert processes_of(home) == []
    assert list(home.iterdir()) == []
    made = {path.name for path in set(Path(tempfile.gettempdir()).iterdir()) - temporary}
    assert not [name for name in made if "kube" in name or "kwok" in name or "hostpath" in name]


def test_a_cluster_outlives_the_command_that_made_it_and_takes_more_stages(home: Path, tmp_path: Path) -> None:
    stages = tmp_path / "stages.yaml"
    stages.write_text(EXTRA_STAGE)
    program = (
        "import sys; from pathlib import Path; from ops.cluster import api;"
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
