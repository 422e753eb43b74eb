"""What a killed run of the Pulumi CLI left: objects that it made and did not live to record."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from components.deployment.kept_data import HOLDS_DATA, OFF_RECORD
from components.kit import names
from flagops.engines.direct.guard import all_managers
from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli.state import Interrupted
from flagops.errors import OpsError

Manifest = Mapping[str, Any]
# The whole content of these kinds is in their data: equal data is the same generated value, and so the same maker.
KINDS_OF_DATA = ("Secret", "ConfigMap")
# What would be gone with what is in the way, and what to do in place of that, by the kinds that hold data.
LOST = {
    "Cluster": "its volumes would be deleted with it",
    "Namespace": "everything in it would be deleted with it",
    "PersistentVolumeClaim": "the data on its volume would be deleted with it",
}
_ON_RECORD = (
    "Deploy it with the engine and the backend that have it on record; or choose another namespace (namespace.name)."
)
WAYS = {
    "Cluster": "Set postgres.mode and postgres.cluster.name to those of the database that the stack has on record; or "
    f"give a new, empty Cluster a name that no other has. {OFF_RECORD}",
    "Namespace": _ON_RECORD,
    "PersistentVolumeClaim": _ON_RECORD,
}
OWN_LABELS = (names.MANAGED_BY, names.PART_OF)


def find(
    begun: Iterable[Interrupted], namespaces: Container[str], cluster: StackCluster
) -> tuple[dict[str, str], list[str]]:
    """Those that are in the cluster and certainly the stack's own, by URN with their identifiers; and what to say.

    `namespaces` are those that are on record as the stack's: what Pulumi made in another may be another stack's.
    """
    made, said = {}, []
    for item in begun:
        metadata = item.manifest["metadata"]
        live = cluster.live(item.manifest)
        if live is None or not is_own(item.manifest, live):
            continue
        is_here = metadata.get("namespace") in namespaces
        if is_here or (item.manifest["kind"] == "Namespace" and cluster.is_empty(metadata["name"])):
            made[item.urn] = item.identifier
            name = f"{item.manifest['kind']} {metadata['name']}"
            said.append(f"{name} was made by a run that was killed before it could record it; it is on record now.")
    return made, said


def is_own(wanted: Manifest, live: Manifest) -> bool:
    """Whether a live object is what Pulumi was making of `wanted`: its labels, its maker, and any generated value."""
    labels, found = wanted["metadata"].get("labels") or {}, live["metadata"].get("labels") or {}
    if not all(labels.get(key) and found.get(key) == labels[key] for key in OWN_LABELS):
        return False
    if not any(manager.startswith("pulumi") for manager in all_managers(dict(live))):
        return False
    return wanted["kind"] not in KINDS_OF_DATA or (wanted.get("data") or {}) == (live.get("data") or {})


def existing(failed: Iterable[Manifest], cluster: StackCluster) -> str:
    """What to do about each object that could not be made because it exists: whose it is, and the line to type."""
    lines = []
    for wanted in failed:
        metadata = wanted.get("metadata") or {}
        if not wanted.get("kind") or not metadata.get("name"):
            continue
        try:
            live = cluster.live(wanted)
        except OpsError:
            continue
        if live is not None:
            lines += _about(wanted, live, cluster)
    return "\n".join(lines) or (
        "What already exists is somebody else's, or was left by a run that was killed: look at it with "
        f"`{cluster.kubectl} get`, and delete it if nobody needs it."
    )


def _about(wanted: Manifest, live: Manifest, cluster: StackCluster) -> list[str]:
    kind, metadata = wanted["kind"], wanted["metadata"]
    namespace = f" --namespace {metadata['namespace']}" if metadata.get("namespace") else ""
    line = f"  {cluster.kubectl}{namespace} delete {kind.lower()} {metadata['name']}"
    if is_own(wanted, live) and kind not in HOLDS_DATA:
        return [
            f"{kind} {metadata['name']} is this stack's own, left by a run that was killed. Make room for it:",
            line,
        ]
    managers = ", ".join(all_managers(dict(live))) or "unknown"
    said = f"{kind} {metadata['name']} exists already, with all that is in it (managed by {managers})."
    if kind not in HOLDS_DATA:
        return [f"{said} Choose another namespace (namespace.name); or delete it, if nobody needs it:", line]
    return [f"{said} Do not delete it to make room: {LOST[kind]}. {WAYS[kind]}"]
