"""The archive of the Cluster that is live, and the base backups in it, as the operator and its plugin tell of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from components.kit import names
from flagops.commands.db.live_cluster import live_cluster
from flagops.errors import BadInputError, FailedError, NotFoundError, RefusedError, UnsupportedError
from flagops.kubernetes.base_backups import recovery_window
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

PLUGIN: Final = "barman-cloud.cloudnative-pg.io"
KIND: Final = "Backup"
# api/v1/backup_types.go of CloudNativePG 1.30.
COMPLETED: Final = "completed"
ENDED_BADLY: Final = frozenset({"failed", "invalid backup definition"})
SECONDS: Final = 4 * 3600.0
"""How long a base backup may take: as long as a dump may."""
NO_BACKUP: Final = "There is no base backup of {} yet, so that nothing can be recovered."
OnLine = Callable[[str], None]


@dataclass(frozen=True)
class BaseBackup:
    """A base backup, as the operator has it on record.

    Attributes:
        name: Its name.
        state: How far it is, in the operator's words: `completed`, `failed`, `running` and others.
        started: When it began; None where it has not.
        ended: When it was done; None where it is not.
        id: Its name in the archive; empty where it has none.
        major: The major version of the servers then.
        error: Why it failed; empty where it did not.
    """

    name: str
    state: str
    started: datetime | None
    ended: datetime | None
    id: str
    major: int
    error: str


def require_cluster(instance: Instance) -> Manifest:
    """The Cluster that is live. Raises OpsError when there is none, or its log is not archived."""
    if not instance.settings.postgres.clustered:
        raise UnsupportedError(
            "The database of this stack has no archive of its write-ahead log: it is not a Cluster of CloudNativePG.",
            hint="`ff db backup`, `ff db backups`, `ff db drill` and `ff db restore BACKUP` work with dumps.",
        )
    if not instance.settings.archives:
        raise UnsupportedError(
            "The write-ahead log of this Cluster is not archived: postgres.cluster.backup.enabled is false.",
            hint="`ff db backup`, `ff db backups`, `ff db drill` and `ff db restore BACKUP` work with dumps.",
        )
    return live_cluster(instance)


def archived_as(cluster: Manifest) -> dict[str, str]:
    """The parameters of the plugin that archives this Cluster: its ObjectStore, and its name in there."""
    for plugin in cluster["spec"].get("plugins") or []:
        if plugin.get("name") == PLUGIN and plugin.get("isWALArchiver"):
            return dict(plugin["parameters"])
    raise RefusedError(
        f"The Cluster {cluster['metadata']['name']} is not archived yet: its settings are, and are not deployed.",
        hint="`ff up`, and wait for the first base backup.",
    )


def window(instance: Instance, cluster: Manifest) -> tuple[datetime, datetime]:
    """The first moment that can be recovered, and when the last base backup was done.

    Raises OpsError when there is no base backup.
    """
    parameters = archived_as(cluster)
    store: Manifest = instance.get(names.BARMAN_API_VERSION, "ObjectStore", parameters["barmanObjectName"]) or {}
    backups = instance.items(names.CNPG_API_VERSION, KIND)
    found = recovery_window(store, backups, cluster["metadata"]["name"], parameters["serverName"])
    if found is None:
        raise no_backup(instance, cluster)
    return found


def no_backup(instance: Instance, cluster: Manifest) -> RefusedError:
    """What is said where nothing can be recovered."""
    return RefusedError(
        NO_BACKUP.format(cluster["metadata"]["name"]),
        hint=f"`{instance.kubectl} get backups.postgresql.cnpg.io` shows what became of the first one; `ff db backup "
        f"--base --stack {instance.stack.name}` makes one now.",
    )


def base_backups(instance: Instance) -> list[BaseBackup]:
    """The base backups of the Cluster that is live, the newest first."""
    cluster = require_cluster(instance)["metadata"]["name"]
    found = [
        item for item in instance.items(names.CNPG_API_VERSION, KIND) if item["spec"]["cluster"]["name"] == cluster
    ]
    return sorted(
        map(_of, found), key=lambda item: (item.started or datetime.max.replace(tzinfo=UTC), item.name), reverse=True
    )


def chosen(instance: Instance, cluster: Manifest, wanted: str | None, on_line: OnLine) -> BaseBackup:
    """The base backup `wanted`, by default the newest that is complete, of the version that the servers have now.

    One of before an upgrade to another major version is another archive's: servers of today cannot read it.

    Raises OpsError when it cannot be recovered.
    """
    known = base_backups(instance)
    major = data_major(cluster) or instance.settings.postgres.cluster.major
    complete = [item for item in known if item.state == COMPLETED and item.major in (0, major)]
    older = [item for item in known if item.state == COMPLETED and item not in complete]
    if wanted is None:
        if older and not complete:
            on_line(f"Left out: {older[0].name}, of PostgreSQL {older[0].major}. The servers are PostgreSQL {major}.")
        if not complete:
            raise no_backup(instance, cluster)
        return complete[0]
    found = next((item for item in known if item.name == wanted), None)
    if found is None:
        listed = ", ".join(item.name for item in complete[:5]) or "none"
        raise NotFoundError(
            f"There is no base backup {wanted!r} of {cluster['metadata']['name']}; there are: {listed}.",
            hint=f"`ff db backups --base --stack {instance.stack.name}` lists all.",
        )
    if found.state != COMPLETED:
        raise BadInputError(f"The base backup {wanted} is not complete, but {found.state}. {found.error}".rstrip())
    if found in older:
        raise BadInputError(
            f"The base backup {wanted} is of PostgreSQL {found.major}, and the servers are PostgreSQL {major}: no "
            "recovery crosses an upgrade.",
            hint="docs/data-tier.md#another-major-version says how it gets into a Cluster of the old version.",
        )
    return found


def data_major(cluster: Manifest) -> int:
    """The major version of a Cluster's data, as its operator says; 0 where it does not."""
    return int((cluster.get("status", {}).get("pgDataImageInfo") or {}).get("majorVersion") or 0)


def make(instance: Instance, on_line: OnLine) -> BaseBackup:
    """Make a base backup now, and wait for its end. Raises OpsError when it fails."""
    cluster = require_cluster(instance)
    archived_as(cluster)
    name = f"{cluster['metadata']['name']}-{datetime.now(UTC):%Y%m%d%H%M%S}"
    ref = Ref(names.CNPG_API_VERSION, KIND, instance.namespace, name)
    instance.client.create(manifest(cluster, name))
    mask = instance.masker()

    def ended() -> BaseBackup | NotYet:
        live = instance.client.get(ref)
        if live is None:
            raise FailedError(f"{ref} is gone: somebody deleted it.")
        found = _of(live)
        if found.state in ENDED_BADLY:
            raise FailedError(
                f"The base backup {name} failed: {mask(found.error) or found.state}",
                hint=f"{instance.kubectl} describe backups.postgresql.cnpg.io {name}",
            )
        return found if found.state == COMPLETED else NotYet(found.state or "the operator has not taken it up yet")

    return until(
        ended,
        SECONDS,
        late=f"The base backup {name} has not ended",
        hint=f"It goes on. See {instance.kubectl} describe backups.postgresql.cnpg.io {name}.",
        on_state=on_line,
    )


def manifest(cluster: Manifest, name: str) -> dict[str, Any]:
    """The operator's object for one. It says its method, whose default is one that the operator gives up."""
    metadata = cluster["metadata"]
    return {
        "apiVersion": names.CNPG_API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "spec": {
            "cluster": {"name": metadata["name"]},
            "method": "plugin",
            "pluginConfiguration": {"name": PLUGIN},
        },
    }


def _of(item: Manifest) -> BaseBackup:
    status = item.get("status", {})
    return BaseBackup(
        str(item["metadata"]["name"]),
        str(status.get("phase") or "pending"),
        _time(status.get("startedAt")),
        _time(status.get("stoppedAt")),
        str(status.get("backupId") or ""),
        int(status.get("majorVersion") or 0),
        str(status.get("error") or ""),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
