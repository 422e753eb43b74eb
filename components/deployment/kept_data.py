"""What holds data, and the changes for which it would be deleted and made anew, empty.

Pulumi's provider replaces an object for a change of certain fields, and deletes the old one first where both have one
name. A new object of that name is an empty volume: so such changes are refused, and the way that keeps the data said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.deployment.sorting import resorting
from components.kit import names
from components.settings import Settings
from components.settings.beside import beside
from components.settings.quantities import parse_memory

Manifest = Mapping[str, Any]

CNPG_GROUP: Final = names.CNPG_API_VERSION.partition("/")[0]

HOLDS_DATA: Final = ("Namespace", "PersistentVolumeClaim", "Cluster")
"""The kinds whose deletion loses data: volumes, what they are in, and a Cluster, whose volumes go with it."""

REPLACING: Final[Mapping[str, tuple[str, ...]]] = {
    "Namespace": (),
    "Cluster": (),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    "StatefulSet": (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    "Secret": ("type",),
}
"""The fields for which Pulumi's provider replaces an object of the kind: `forceNew` in provider/pkg/provider/diff.go of
pulumi-kubernetes (4.32; a Secret's data too, unless `enableSecretMutable` is set, as it is here)."""

REPLACING_ALL: Final = ("metadata.name", "metadata.namespace")
"""The fields for which it replaces an object of any kind."""

SIZES: Final[Mapping[str, tuple[str, ...]]] = {
    "PersistentVolumeClaim": ("spec.resources.requests.storage",),
    "Cluster": ("spec.storage.size", "spec.walStorage.size"),
}
"""The sizes that can only grow. Without its webhook, CloudNativePG takes a smaller one and does nothing."""
GOES_WITH_DATA: Final = "the data in it is gone then: `ff db backup` first, unless nobody needs it"
"""What a plan says of an object with data that the program no longer has."""

GIVEN_UP: Final = (
    "holds a database of Flagsmith that the settings no longer name: another postgres.mode or postgres.cluster.name "
    "begins without its data"
)
"""What is said of a database that is there and would be given up."""

WAY_BACK: Final = (
    "Set postgres.mode and postgres.cluster.name back. To keep a Cluster beside another one, name it in "
    "postgres.cluster.kept. To go on without this database, see docs/backups.md#another-database: a backup, what holds "
    "the data deleted by hand, a deployment, then a restore."
)

LOST: Final = "would be deleted and made anew, empty, since"


def replacing_changes(old: Manifest, new: Manifest) -> list[str]:
    """The fields, of what two programs declare of one resource, for which Pulumi's provider would replace it."""
    fields = (*REPLACING_ALL, *REPLACING.get(new["kind"], ()))
    return [path for path in fields if _at(old, path) != _at(new, path)]


def losses(wanted: Manifest, live: Manifest, *, by_statement: bool) -> Iterator[str]:
    """Why an object that is there cannot become what is wanted and keep its data: what comes after its name.

    Args:
        wanted: what the program declares.
        live: what the cluster has.
        by_statement: whether the engine compares what is declared now with what was declared before, as Pulumi does: it
            replaces a claim also when a storage class is stated that the cluster had chosen by itself.
    """
    if live["metadata"].get("deletionTimestamp"):
        yield (
            "is being deleted, which cannot be cancelled: what it holds is gone when the last pod that uses it ends, "
            "so make a backup now (`ff db backup`)"
        )
    if wanted["kind"] == "Cluster":
        yield from shrinking(wanted, live)
        yield from downgrading(wanted, live)
        yield from resorting(wanted, live)
    if wanted["kind"] != "PersistentVolumeClaim":
        return
    stated = _stated(live)
    for path in REPLACING["PersistentVolumeClaim"]:
        old, new = _at(live, path), _at(wanted, path)
        if by_statement and stated and (path in stated) != (new is not None):
            is_new = new is not None
            yield (
                f"{LOST} {path}, {old!r}, {'was left to the cluster and' if is_new else 'was stated and'} would be "
                + (f"stated, {new!r}" if is_new else "left to the cluster")
            )
        elif None not in (old, new) and old != new:
            yield f"{LOST} {path} is {old!r} and would be {new!r}"
    yield from shrinking(wanted, live)


def shrinking(wanted: Manifest, live: Manifest) -> Iterator[str]:
    """That a volume would be smaller, if it would, or a Cluster's write-ahead log lose its own."""
    for path in SIZES.get(wanted["kind"], ()):
        old, new = _at(live, path), _at(wanted, path)
        if None not in (old, new) and parse_memory(str(new)) < parse_memory(str(old)):
            yield f"cannot shrink from {old} to {new}: a volume grows only"
    log = "spec.walStorage"
    if _at(live, log) is not None and _at(wanted, log) is None:
        yield "cannot take the write-ahead log from its own volume: set postgres.cluster.walStorage.enabled to true"


def downgrading(wanted: Manifest, live: Manifest) -> Iterator[str]:
    """That servers of an older major version would get the data of a newer one, which they cannot read."""
    image = str(_at(wanted, "spec.imageName") or "").partition("@")[0]
    version, old = re.search(r":(\d+)[^/]*$", image), _at(live, "status.pgDataImageInfo.majorVersion")
    if version is not None and old is not None and int(version[1]) < int(old):
        yield (
            f"cannot go back to PostgreSQL {version[1]}: its data is of PostgreSQL {old} since the upgrade. "
            "Restore a dump from before into a Cluster of another name"
        )


def held(settings: Settings) -> list[dict[str, Any]]:
    """What holds the stack's data: its volume claims, and its Cluster, as far as a change of them can lose data."""
    other = beside(settings)
    before = [] if other is None else [item for item in held(other) if item not in claims(settings)]
    return [*claims(settings), *_clusters(settings), *before]


def claims(settings: Settings) -> list[dict[str, Any]]:
    """The volume claims of the stack, as far as a change of them can lose data."""
    found = []
    if settings.is_edge:
        return []
    if settings.postgres.embedded:
        storage = settings.postgres.storage
        found.append(_claim(settings, names.POSTGRES_DATA, storage.class_name, storage.size))
    if settings.backup.enabled and settings.backup.s3 is None:
        class_name = settings.backup.storage.class_name
        found.append(_claim(settings, names.BACKUP_DATA, class_name, settings.backup_storage))
    return found


def named(settings: Settings) -> frozenset[tuple[str, str]]:
    """The kind and name of all that holds data by the settings, Clusters of before that are kept among it."""
    before = settings.postgres.cluster.kept if settings.postgres.has_cluster else ()
    own = ((item["kind"], item["metadata"]["name"]) for item in held(settings))
    return frozenset((*own, *(("Cluster", name) for name in before)))


def has_database(api_version: str, kind: str, name: str) -> bool:
    """Whether an object of a stack is what its database is in: a Cluster, or the claim of the embedded server."""
    is_cluster = kind == "Cluster" and api_version.partition("/")[0] == CNPG_GROUP
    return is_cluster or (kind, name) == ("PersistentVolumeClaim", names.POSTGRES_DATA)


OFF_RECORD: Final = (
    "If postgres.cluster.kept names it, and it is no longer on record, take it out of there. It stays as it is, with "
    "its data, and its servers run on."
)
"""What to do about a Cluster that is in the way of the program's own declaration of it."""


def way_out(kind: str, name: str, namespace: str) -> str:
    """How the data of a claim gets to a new volume, for people."""
    if kind == "Cluster":
        return "Set postgres.storage, postgres.cluster.walStorage and postgres.cluster.version back to what they were."
    if name == names.BACKUP_DATA:
        return (
            "Set backup.storage back to what it was. To keep the backups elsewhere from now on, see "
            "docs/backups.md#another-volume: it says how, and what becomes of the old ones."
        )
    return (
        "Set postgres.storage back to what it was. To move the database to another volume, see "
        f"docs/backups.md#another-volume: a backup, the claim {namespace}/{name} deleted by hand, a deployment, then a "
        "restore."
    )


def _claim(settings: Settings, name: str, class_name: str | None, size: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if class_name is not None:
        spec["storageClassName"] = class_name
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": settings.namespace.name},
        "spec": spec,
    }


def _clusters(settings: Settings) -> list[dict[str, Any]]:
    if not settings.postgres.clustered:
        return []
    spec: dict[str, Any] = {
        "storage": {"size": settings.postgres.storage.size},
        "imageName": settings.images["cluster"].reference,
    }
    if settings.wal_storage is not None:
        spec["walStorage"] = {"size": settings.wal_storage}
    return [
        {
            "apiVersion": names.CNPG_API_VERSION,
            "kind": "Cluster",
            "metadata": {"name": settings.postgres.cluster.name, "namespace": settings.namespace.name},
            "spec": spec,
        }
    ]


def _stated(live: Manifest) -> set[str]:
    """The replacing fields that somebody who applies manifests stated; the others are the cluster's own choice."""
    found = set()
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("subresource"):
            continue
        spec = (entry.get("fieldsV1") or {}).get("f:spec") or {}
        # Pulumi's provider creates by update where it does not apply on the server's side.
        is_declared = entry.get("operation") == "Apply" or str(entry.get("manager", "")).startswith(
            ("pulumi", "kubectl")
        )
        if is_declared:
            found |= {f"spec.{key.removeprefix('f:')}" for key in spec}
    return found


def _at(manifest: Manifest, path: str) -> Any:
    value: Any = manifest
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
