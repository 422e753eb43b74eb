"""Makes, checks and ends the local cluster; the other modules of this package are its parts."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ops import console as consoles
from ops.cluster import kind as kind_cluster
from ops.cluster import paths, processes, rest, simulated, state
from ops.cluster.model import NAME, SIMULATED_NOTE, ClusterStatus, Kind, LocalCluster, NodeStatus, ProcessStatus
from ops.errors import OpsError

__all__ = [
    "NAME",
    "SIMULATED_NOTE",
    "ClusterStatus",
    "Kind",
    "LocalCluster",
    "NodeStatus",
    "ProcessStatus",
    "down",
    "kubeconfig_path",
    "status",
    "up",
]


def up(
    console: Console | None = None,
    *,
    home: Path | None = None,
    kind: Kind | None = None,
    extra_stages: Sequence[Path] = (),
    container_path: str | None = None,
) -> LocalCluster:
    """Make the local cluster, or hand back the one that runs; one that is broken is made anew, its content lost.

    Args:
        console: Where progress goes; the terminal's standard error by default.
        home: State directory, so that several clusters can live side by side; the user's by default.
        kind: Which kind to make. By default kind where Docker answers, else a simulated one; a running cluster of
            either kind is handed back.
        extra_stages: More kwok configuration for a simulated cluster, read when it is made.
        container_path: Lets commands of simulated containers run on this machine, as that configuration says; their
            search path. For tests alone: whoever reaches the node's port may run them.

    Raises:
        OpsError: It cannot be made, or a cluster of the other kind runs.
    """
    console, home = console or consoles.progress(), home or paths.state_home()
    with paths.locked(home):
        now = _status(home)
        if now.up and now.kind is not None and now.kubeconfig is not None:
            if kind not in (None, now.kind):
                raise OpsError(
                    f"A local cluster of the kind `{now.kind}` runs, `{kind}` was asked for.",
                    hint="Run `ff cluster down` first: its content is lost then.",
                )
            return LocalCluster(kind=now.kind, kubeconfig=now.kubeconfig)
        if now.kind is not None:
            console.print(
                f"The local cluster is broken: {now.problem} It is made anew; what was deployed to it is lost."
            )
            _stop(home, console)
        paths.remove_cluster_directory(home)
        if (kind or ("kind" if kind_cluster.docker_answers() else "simulated")) == "kind":
            return kind_cluster.up(home, console)
        return simulated.up(home, console, extra_stages, container_path)


def down(console: Console | None = None, *, home: Path | None = None) -> bool:
    """End the local cluster: exactly its own processes, and all of its files.

    Returns:
        Whether there was one.

    Raises:
        OpsError: Something of it could not be ended.
    """
    console, home = console or consoles.progress(), home or paths.state_home()
    if not home.exists():
        return False
    with paths.locked(home):
        there = state.load(home) is not None
        _stop(home, console)
        return there


def status(*, home: Path | None = None) -> ClusterStatus:
    """The local cluster as it is now. It is `up` only when every process, the API server and all nodes are well."""
    return _status(home or paths.state_home())


def kubeconfig_path(*, home: Path | None = None) -> Path:
    """The kubeconfig of the local cluster.

    Raises:
        OpsError: No cluster has been made.
    """
    home = home or paths.state_home()
    known = state.load(home)
    if known is None or not known.complete:
        raise OpsError("There is no local cluster.", hint="Make one with `ff cluster up`.")
    return paths.kubeconfig_file(home)


def _stop(home: Path, console: Console) -> None:
    known = state.load(home)
    if known is None:
        paths.remove_cluster_directory(home)
    elif known.kind == "kind":
        kind_cluster.stop(home, console)
    else:
        simulated.stop(home, known)


def _status(home: Path) -> ClusterStatus:
    known = state.load(home)
    if known is None:
        return ClusterStatus(kind=None, up=False, problem="There is none.")
    found = tuple(
        ProcessStatus(name=record.name, pid=record.pid, alive=processes.find(record) is not None)
        for record in known.processes
    )
    path = paths.kubeconfig_file(home)
    dead = [process.name for process in found if not process.alive]
    version: str = ""
    nodes: tuple[NodeStatus, ...] = ()
    if not known.complete:
        problem = "its making was interrupted."
    elif dead:
        problem = f"no longer running: {', '.join(dead)}."
    else:
        problem, version, nodes = _ask(path)
    return ClusterStatus(
        kind=known.kind,
        up=not problem,
        problem=problem,
        kubeconfig=path if known.complete else None,
        version=version,
        processes=found,
        nodes=nodes,
    )


def _ask(kubeconfig: Path) -> tuple[str, str, tuple[NodeStatus, ...]]:
    """What the API server says: a problem or an empty string, its version, and the nodes."""
    import httpx

    try:
        with rest.client(kubeconfig) as api:
            if not rest.is_ready(api):
                return "its API server is not ready.", "", ()
            version, nodes = rest.server_version(api), rest.nodes(api)
    except (httpx.HTTPError, OpsError) as error:
        return f"its API server does not answer: {error}.", "", ()
    waiting = [node.name for node in nodes if not node.ready]
    return (f"not ready: {', '.join(waiting)}." if waiting else ""), version, nodes
