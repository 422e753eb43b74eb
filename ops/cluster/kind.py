"""The kind cluster: real containers, where Docker is there."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from rich.console import Console

from ops.cluster import binaries, kubeconfig, pins, state
from ops.cluster.model import NAME, LocalCluster
from ops.cluster.paths import kubeconfig_file, remove_cluster_directory
from ops.errors import OpsError

DOCKER_SECONDS: Final = 5.0
"""How long Docker may take to answer before it counts as absent."""

READY_WAIT: Final = "180s"
"""How long kind waits for its control plane, in its own notation."""

CONFIGURATION: Final = Path(__file__).with_name("kind.yaml")


def docker_answers() -> bool:
    """Whether a Docker daemon is reachable, which the presence of its command does not tell."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    command = [docker, "info", "--format", "{{.ServerVersion}}"]
    try:
        result = subprocess.run(command, capture_output=True, check=False, timeout=DOCKER_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def up(home: Path, console: Console) -> LocalCluster:
    """Make a new kind cluster, ready for use.

    The kubeconfig is a file of our own: the user's, and its current context, are not touched.

    Raises:
        OpsError: kind fails, or there is a cluster of this name that was not made here.
    """
    program = _program(console)
    if NAME in _run(program, "get", "clusters").split():
        raise OpsError(
            f"There is a kind cluster {NAME} already, which this program has no record of making.",
            hint=f"If nobody needs it: kind delete cluster --name {NAME}",
        )
    path = kubeconfig_file(home)
    state.save(home, state.State(kind="kind", complete=False))
    console.print(f"Creating the kind cluster {NAME}; the first time Docker fetches its node image…")
    try:
        _run(program, "create", "cluster", f"--name={NAME}", f"--config={CONFIGURATION}", f"--kubeconfig={path}",
             f"--wait={READY_WAIT}")  # fmt: skip
        kubeconfig.rename_context(path)
    except BaseException:
        stop(home, console)
        raise
    state.save(home, state.State(kind="kind", complete=True))
    return LocalCluster(kind="kind", kubeconfig=path)


def stop(home: Path, console: Console) -> None:
    """Delete the kind cluster and our files.

    Raises:
        OpsError: kind fails, for example since Docker does not run.
    """
    _run(_program(console), "delete", "cluster", f"--name={NAME}", f"--kubeconfig={kubeconfig_file(home)}")
    remove_cluster_directory(home)


def _program(console: Console) -> Path:
    return binaries.resolve(pins.KIND, console)["kind"]


def _run(program: Path, *arguments: str) -> str:
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        raise OpsError(
            f"`kind {' '.join(arguments[:2])}` failed with exit code {result.returncode}:\n{result.stderr.strip()}",
            hint="Does Docker run (`docker info`)? `--simulated` makes a cluster without it.",
        )
    return result.stdout
