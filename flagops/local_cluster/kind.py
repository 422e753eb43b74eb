"""The kind cluster: real containers, where Docker is there."""

import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

import yaml
from rich.console import Console

from components.text.quoting import printable
from flagops.errors import NotFoundError, RefusedError, ToolError
from flagops.files import write_private
from flagops.local_cluster import binaries, docker, kubeconfig, pins, ready, state
from flagops.local_cluster.model import NAME, LocalCluster, Published
from flagops.local_cluster.paths import cluster_directory, kubeconfig_file, remove_cluster_directory
from flagops.local_cluster.ports import require_free

READY_WAIT: Final = "180s"
"""How long kind waits for its control plane, in its own notation."""

STEPS: Final = ("•", "✓", "✗")
"""How kind begins a line on a step that it begins, has done, or has failed at. What else it says is for kubectl."""

CONFIGURATION: Final = Path(__file__).with_name("kind.yaml")
LOOPBACK: Final = "127.0.0.1"
RUNNING: Final = "running"
GONE: Final = "this Docker has no container of its nodes: somebody deleted it, or it is in another Docker."


def up(home: Path, console: Console, published: Published | None) -> LocalCluster:
    """Make a new kind cluster, all of its nodes ready for use.

    The kubeconfig is a file of our own: the user's, and its current context, are not touched.

    Args:
        home: State directory.
        console: Where progress goes.
        published: The port of this machine at which the stack is served; None for none.

    Raises:
        OpsError: kind fails, the port is taken, or there is a cluster of this name that was not made here.
    """
    program = _program(console)
    if NAME in _run(program, "get", "clusters").split():
        raise RefusedError(
            f"There is a kind cluster {NAME} already, which this program has no record of making.",
            hint=f"If nobody needs it: kind delete cluster --name {NAME}",
        )
    if published is not None:
        require_free(published)
    path, configuration = kubeconfig_file(home), cluster_directory(home) / "kind.yaml"
    state.save(home, state.ClusterRecord(kind="kind", complete=False, published=published))
    write_private(configuration, yaml.safe_dump(configured(published), sort_keys=False))
    nodes = len(configured(published)["nodes"])
    console.print(f"Creating the kind cluster {NAME}; the first time Docker fetches its node image…")
    try:
        _run(program, "create", "cluster", f"--name={NAME}", f"--config={configuration}", f"--kubeconfig={path}",
             f"--wait={READY_WAIT}", shown=console)  # fmt: skip
        kubeconfig.rename_context(path)
        ready.wait(path, console, nodes=nodes)
    except BaseException:
        stop(home, console)
        raise
    state.save(home, state.ClusterRecord(kind="kind", complete=True, published=published))
    return LocalCluster(kind="kind", kubeconfig=path)


def configured(published: Published | None) -> dict[str, Any]:
    """kind's configuration; with a port of this machine's loopback that leads to the Service's on the first node."""
    document: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    if published is not None:
        mapping = {
            "hostPort": published.port,
            "containerPort": published.node_port,
            "listenAddress": LOOPBACK,
            "protocol": "TCP",
        }
        document["nodes"][0]["extraPortMappings"] = [mapping]
    return document


def problem() -> str:
    """What keeps the cluster's nodes from running, in a sentence; empty when their containers all run."""
    try:
        found = docker.containers(NAME)
    except docker.DockerError as error:
        return error.message
    if not found:
        return GONE
    halted = [f"{name} is {state}" for name, state in found.items() if state != RUNNING]
    return f"not all containers of its nodes run: {', '.join(halted)}." if halted else ""


def repair(home: Path, console: Console) -> LocalCluster:
    """Start what is stopped, and wait until the cluster is well again; nothing that it holds is touched.

    Raises:
        OpsError: Docker does not answer, a container does not start, or the nodes do not become ready.
    """
    docker.require()
    found = docker.containers(NAME)
    if not found:
        raise NotFoundError(
            f"The local cluster is not here: {GONE}",
            hint="Is DOCKER_HOST, or the context (`docker context ls`), another one than before? If it is deleted, "
            "`ff cluster up --recreate` makes another one.",
        )
    for name, container_state in found.items():
        if container_state != RUNNING:
            console.print(f"Starting the node {name}, which is {container_state}…", markup=False)
            docker.wake(name, container_state)
    path = kubeconfig_file(home)
    ready.wait(path, console, nodes=len(yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["nodes"]))
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


def _run(program: Path, *arguments: str, shown: Console | None = None) -> str:
    """What kind prints; its progress, which it tells on its standard error, is shown while it comes."""
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as printed,
        subprocess.Popen(  # noqa: S603
            [program, *arguments], stdout=printed, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
        ) as process,
    ):
        said = []
        for line in process.stderr or ():
            said.append(line)
            if shown is not None and line.lstrip().startswith(STEPS):
                shown.print(f"  {printable(line.rstrip())}", markup=False, soft_wrap=True)
        code = process.wait()
        printed.seek(0)
        answer = printed.read()
    if code:
        raise ToolError(
            f"`kind {' '.join(arguments[:2])}` failed with exit code {code}:\n{_said(''.join(said))}",
            hint="Does Docker run (`docker info`), and has it room? Is the machine very busy? `--simulated` makes a "
            "cluster without Docker.",
        )
    return answer


def _said(stderr: str) -> str:
    """What kind says went wrong, without the log of the command in a node, which is some hundred lines."""
    said, _, log = stderr.strip().partition("\nCommand Output:")
    causes = [line for line in log.splitlines() if line.startswith("error:")]
    return "\n".join([said, *causes])
