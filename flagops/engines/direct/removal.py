"""Deletes objects in reverse order and waits until they are gone."""

from collections.abc import Callable, Sequence
from threading import Event as Flag

from flagops.engines.direct.schedule import GraphResult, reversed_graph, run_graph
from flagops.engines.direct.state import RecordedObject
from flagops.engines.events import Event, ResourceState
from flagops.errors import OpsError
from flagops.kubernetes.client import Client
from flagops.kubernetes.objects import Manifest, Ref
from flagops.waiting import NotYet, until

GONE_SECONDS = 600.0
OWNS_NOTHING = frozenset(
    {
        *("ConfigMap", "Secret", "Role", "RoleBinding", "ResourceQuota", "LimitRange"),
        *("PersistentVolumeClaim", "NetworkPolicy", "PodDisruptionBudget", "HorizontalPodAutoscaler"),
    }
)
"""Kinds without dependents: to ask for these to go first would only have the garbage collector look for them.

An Ingress has some where cert-manager makes its Certificate, or OpenShift its Routes; there a ServiceAccount has too.
"""


def remove(client: Client, entries: Sequence[RecordedObject], emit: Callable[[Event], None], stop: Flag) -> GraphResult:
    """Delete the objects of `entries`, each after all that need it; the result names what could not be deleted.

    Objects marked to be retained stay, and are only forgotten; not where the namespace that they are in goes too.
    """
    by_ref = {entry.ref: entry for entry in entries}
    namespaces = {entry.ref.name for entry in entries if entry.ref.kind == "Namespace" and not entry.retain}

    def work(ref: Ref) -> None:
        if by_ref[ref].retain:
            goes = "goes with its namespace, and its data with it"
            said = goes if ref.namespace in namespaces else "kept, as the program asked"
            emit(Event(ref.name, ref.kind, ResourceState.UNCHANGED, said))
            return
        live = client.get(ref)
        if live is not None:
            emit(Event(ref.name, ref.kind, ResourceState.DELETING))
            try:
                delete_and_wait(client, ref, live, GONE_SECONDS, stop)
            except OpsError as error:
                emit(Event(ref.name, ref.kind, ResourceState.FAILED, error.message.splitlines()[0]))
                raise
        emit(Event(ref.name, ref.kind, ResourceState.DELETED))

    return run_graph(reversed_graph({ref: entry.needs for ref, entry in by_ref.items()}), work, stop)


def delete_and_wait(client: Client, ref: Ref, live: Manifest, seconds: float, stop: Flag) -> None:
    """Delete this very object, dependents first, and wait until it is gone; its successor is left alone."""
    uid = live["metadata"]["uid"]
    client.delete(ref, uid=uid, dependents_first=ref.kind not in OWNS_NOTHING)

    def gone() -> NotYet | None:
        current = client.get(ref)
        if current is None or current["metadata"]["uid"] != uid:
            return None
        return NotYet(_what_holds(current))

    until(gone, seconds, late=f"{ref} is not gone", stop=stop)


def _what_holds(live: Manifest) -> str:
    conditions = [
        item["message"]
        for item in live.get("status", {}).get("conditions") or []
        if item.get("status") == "True" and item.get("message")
    ]
    finalizers = live["metadata"].get("finalizers") or live.get("spec", {}).get("finalizers") or []
    return "; ".join([*conditions, f"finalizers: {', '.join(finalizers) or 'none'}"])
