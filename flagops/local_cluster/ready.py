"""Waits until a cluster is ready for use: its API server, and all of its nodes."""

import time
from pathlib import Path

from rich.console import Console

from flagops.errors import OpsError
from flagops.local_cluster import rest

READY_SECONDS = 180.0
"""How long a cluster that starts may take; kind's four nodes take 30 to 60 s on 2 busy cores."""

POLL_SECONDS = 1.0


def wait(kubeconfig: Path, console: Console, *, nodes: int) -> None:
    """Wait until the API server and at least `nodes` nodes, all that there are, are ready; says what is missing.

    Raises:
        OpsError: They are not after READY_SECONDS; the message says which. Nothing is changed.
    """
    deadline, said = time.monotonic() + READY_SECONDS, ""
    while missing := _missing(kubeconfig, nodes):
        if time.monotonic() >= deadline:
            raise OpsError(f"After {READY_SECONDS:.0f} s the cluster is still not ready: {missing}.")
        if missing != said:
            console.print(f"Waiting: {missing}…", markup=False)
            said = missing
        time.sleep(POLL_SECONDS)


def _missing(kubeconfig: Path, wanted: int) -> str:
    """What is not ready; empty when all is."""
    import httpx

    try:
        with rest.client(kubeconfig) as api:
            if not rest.is_ready(api):
                return "its API server is not ready"
            found = rest.nodes(api)
    except (httpx.HTTPError, OSError) as error:
        return f"its API server does not answer ({error})"
    if len(found) < wanted:
        return f"{len(found)} of {wanted} nodes are there"
    late = [node.name for node in found if not node.ready]
    return f"{len(found) - len(late)} of {len(found)} nodes are ready, not {', '.join(late)}" if late else ""
