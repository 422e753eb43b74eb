"""Waits, when Pulumi has ended, for what its provider for Kubernetes cannot tell: that a Cluster is what it says.

The provider waits for a condition, and that of a Cluster of CloudNativePG is late after a change.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flagops.engines.events import Event, ResourceState
from flagops.engines.pulumi_cli.explain import secrets_of
from flagops.errors import OpsError
from flagops.kubernetes.awaiting import await_rollout
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.postgres_cluster import is_postgres_cluster
from flagops.kubernetes.readiness import time_limit

Changed = tuple[ResourceState, dict[str, Any]]


def settle(
    kubeconfig: Path | None, context: str, changed: Iterable[Changed], on_event: Callable[[Event], None]
) -> None:
    """Wait for the Clusters among the objects that a run has made or changed.

    Args:
        kubeconfig: The local cluster's; None means the user's own.
        context: The kubeconfig's context.
        changed: What became of each object, and its `apiVersion`, `kind` and `metadata`.
        on_event: Gets what is waited for.

    Raises:
        OpsError: One does not come; it says its phase, the reason and what its pods say.
    """
    clusters = [(state, Ref.of(manifest)) for state, manifest in changed if is_postgres_cluster(manifest)]
    if not clusters:
        return
    client = Client(connect(kubeconfig, context))
    try:
        for state, ref in clusters:
            # One that is not there is told by whoever looks whether all is deployed.
            live = client.get(ref)
            if live is not None:
                _settle_one(client, ref, live, state, on_event)
    finally:
        client.close()


def _settle_one(
    client: Client, ref: Ref, live: Manifest, state: ResourceState, on_event: Callable[[Event], None]
) -> None:
    mask = Masker(secrets_of(client, ref.namespace))

    def say(message: str) -> None:
        on_event(Event(ref.name, ref.kind, ResourceState.WAITING, mask(message)))

    try:
        await_rollout(client, live, mask, seconds=time_limit(live), say=say)
    except OpsError as error:
        message = mask(error.message)
        on_event(Event(ref.name, ref.kind, ResourceState.FAILED, message.splitlines()[0]))
        raise error.reworded(message, hint=error.hint) from None
    on_event(Event(ref.name, ref.kind, state))
