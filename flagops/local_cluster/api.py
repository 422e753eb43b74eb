"""Makes, checks and ends the local cluster; the other modules of this package are its parts."""

from collections.abc import Sequence
from pathlib import Path

import httpx
from rich.console import Console

from flagops import console as consoles
from flagops.errors import NotFoundError, OpsError, RefusedError
from flagops.local_cluster import docker, paths, processes, rest, simulated, state
from flagops.local_cluster import kind as kind_cluster
from flagops.local_cluster.model import (
    NAME,
    SIMULATED_NOTE,
    ClusterStatus,
    Kind,
    LocalCluster,
    NodeStatus,
    ProcessStatus,
    Published,
)

__all__ = [
    "NAME",
    "SIMULATED_NOTE",
    "ClusterStatus",
    "Kind",
    "LocalCluster",
    "NodeStatus",
    "ProcessStatus",
    "Published",
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
    published: Published | None = None,
    recreate: bool = False,
    extra_stages: Sequence[Path] = (),
    container_path: str | None = None,
) -> LocalCluster:
    """Make the local cluster, hand back the one that runs, or repair the one that does not: what it holds stays.

    A cluster whose making was interrupted holds nothing yet: it is made anew.

    Args:
        console: Where progress goes; the terminal's standard error by default.
        home: State directory, so that several clusters can live side by side; the user's by default.
        kind: Which kind to make. By default kind where Docker is installed, else a simulated one; a cluster of either
            kind that is there stays.
        published: Where a kind cluster is to serve the stack on this machine; None for nowhere.
        recreate: Delete the cluster that is there, with all that it holds, and make another.
        extra_stages: More kwok configuration for a simulated cluster, read when it is made.
        container_path: Lets commands of simulated containers run on this machine, as that configuration says; their
            search path. For tests alone: whoever reaches the node's port may run them.

    Raises:
        OpsError: It cannot be made or repaired, or a cluster of the other kind is there. DockerError: Docker is
            installed, and does not answer; then nothing was built or made.
    """
    console, home = console or consoles.progress(), home or paths.state_home()
    with paths.locked(home):
        known = state.load(home)
        if known is not None and known.complete and not recreate:
            _require_kind(known, kind)
            now = _status(home)
            if now.up and now.kubeconfig is not None:
                return LocalCluster(kind=known.kind, kubeconfig=now.kubeconfig)
            console.print(f"The local cluster is not up: {now.problem}", markup=False)
            if known.kind == "simulated":
                return simulated.repair(home, console, known, container_path)
            return _repaired(home, console)
        wanted = kind or ("kind" if docker.is_installed() else "simulated")
        if wanted == "kind":
            docker.require()
        if known is not None:
            _stop(home, console)
        paths.remove_cluster_directory(home)
        if wanted == "kind":
            return kind_cluster.up(home, console, published)
        return simulated.up(home, console, extra_stages, container_path)


def _require_kind(known: state.ClusterRecord, wanted: Kind | None) -> None:
    if wanted not in (None, known.kind):
        raise RefusedError(
            f"There is a local cluster of the kind `{known.kind}`, and `{wanted}` was asked for.",
            hint="`ff cluster down` deletes it, and all that it holds.",
        )


def _repaired(home: Path, console: Console) -> LocalCluster:
    try:
        return kind_cluster.repair(home, console)
    except docker.DockerError:
        raise
    except OpsError as error:
        raise error.reworded(
            error.message,
            hint=error.hint
            or "What it holds is left as it is. `ff cluster up` goes on waiting; `docker logs` of a node's container "
            "tells more. If nothing helps, `ff cluster up --recreate` makes another one, without the data.",
        ) from None


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
        raise NotFoundError("There is no local cluster.", hint="Make one with `ff cluster up`.")
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
        if problem and known.kind == "kind":
            problem = kind_cluster.problem() or problem
    return ClusterStatus(
        kind=known.kind,
        up=not problem,
        problem=problem,
        kubeconfig=path if known.complete else None,
        version=version,
        processes=found,
        nodes=nodes,
        published=known.published,
    )


def _ask(kubeconfig: Path) -> tuple[str, str, tuple[NodeStatus, ...]]:
    """What the API server says: a problem or an empty string, its version, and the nodes."""
    try:
        with rest.client(kubeconfig) as api:
            if not rest.is_ready(api):
                return "its API server is not ready.", "", ()
            version, nodes = rest.server_version(api), rest.nodes(api)
    except (httpx.HTTPError, OpsError) as error:
        return f"its API server does not answer: {error}.", "", ()
    waiting = [node.name for node in nodes if not node.ready]
    return (f"not ready: {', '.join(waiting)}." if waiting else ""), version, nodes
