"""Waits until a cluster is ready for use: its API server, and all of its nodes."""

from pathlib import Path

import httpx
from rich.console import Console

from flagops.local_cluster import rest
from flagops.waiting import NotYet, until

READY_SECONDS = 180.0
"""How long a cluster that starts may take; kind's four nodes take 30 to 60 s on 2 busy cores."""

POLL_SECONDS = 1.0


def wait(kubeconfig: Path, console: Console, *, nodes: int) -> None:
    """Wait until the API server and at least `nodes` nodes, all that there are, are ready; says what is missing.

    Raises:
        DeadlineError: They are not after READY_SECONDS; the message says which. Nothing is changed.
    """

    def ready() -> NotYet | None:
        missing = _missing(kubeconfig, nodes)
        return NotYet(missing) if missing else None

    until(
        ready,
        READY_SECONDS,
        late="The cluster is still not ready",
        on_state=lambda missing: console.print(f"Waiting: {missing}…", markup=False),
        longest_pause=POLL_SECONDS,
    )


def _missing(kubeconfig: Path, wanted: int) -> str:
    """What is not ready; empty when all is."""
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
