"""The rows of a Cluster of CloudNativePG: its servers, how far they are behind, its archive, its pooler."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.kit import names
from flagops.commands.status.model import StatusRow
from flagops.errors import OpsError
from flagops.kubernetes.base_backups import archive_fails, recovery_window
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.postgres_cluster import assess_cluster, instances_of
from flagops.kubernetes.readiness import Phase, condition
from flagops.kubernetes.refusals import UnknownKindError
from flagops.pods.pods import is_ready
from flagops.pods.replication import standbys
from flagops.stacks.deployed import Instance


def cluster_rows(instance: Instance) -> Iterator[StatusRow]:
    """Those of the stack's Cluster, and one for each that is kept; nothing for a stack without."""
    postgres = instance.settings.postgres
    if instance.settings.is_edge or not postgres.clustered:
        return
    try:
        found = {item["metadata"]["name"]: item for item in instance.items(names.CNPG_API_VERSION, "Cluster")}
    except UnknownKindError:
        yield StatusRow(
            "Cluster", postgres.cluster.name, "its operator is not there: the kind is unknown", is_fine=False
        )
        return
    live = found.get(postgres.cluster.name)
    if live is not None:
        yield from _servers(instance, live)
        if instance.settings.archives:
            yield _archive(instance, live)
    for name in postgres.cluster.kept:
        if name in found:
            yield StatusRow("Cluster", name, f"kept, {found[name].get('status', {}).get('phase', 'unknown')}")
    if instance.settings.pooled:
        yield from _poolers(instance)


def _servers(instance: Instance, live: Manifest) -> Iterator[StatusRow]:
    pods = instance.items("v1", "Pod", labelSelector=instances_of(live))
    answer, status = assess_cluster(live, pods), live.get("status", {})
    wanted, primary = int(live["spec"].get("instances", 1)), status.get("currentPrimary")
    text = f"{status.get('readyInstances', 0)}/{wanted} servers ready, primary {primary or 'none'}"
    is_well = answer.phase is Phase.READY
    yield StatusRow(
        "Cluster", live["metadata"]["name"], text if is_well else f"{text}: {answer.message}", is_fine=is_well
    )
    if wanted > 1:
        server = next((pod for pod in pods if pod["metadata"]["name"] == primary and is_ready(pod)), None)
        yield from _standbys(instance, server, {str(pod["metadata"]["name"]) for pod in pods} - {str(primary)})


def _standbys(instance: Instance, primary: Manifest | None, wanted: set[str]) -> Iterator[StatusRow]:
    """Of each standby how far it is behind; the primary alone knows."""
    if instance.is_simulated:
        return
    try:
        known = {} if primary is None else {item.name: item for item in standbys(instance, primary)}
    except OpsError as error:
        for name in sorted(wanted):
            yield StatusRow("Standby", name, f"how far it is behind is not known: {error.message}")
        return
    for name in sorted(wanted):
        standby = known.get(name)
        if standby is None:
            said = "it is cut off from the primary" if primary is not None else "there is no primary to follow"
            yield StatusRow("Standby", name, said, is_fine=False)
        else:
            text = f"{standby.state}, {standby.bytes} bytes and {standby.seconds:.1f} s behind"
            yield StatusRow("Standby", name, text, is_fine=standby.is_fine)


def _archive(instance: Instance, live: Manifest) -> StatusRow:
    """Whether the log is archived, and when the last base backup was done."""
    archiver: Mapping[str, Any] = next(
        (item["parameters"] for item in live["spec"].get("plugins") or [] if item.get("isWALArchiver")), {}
    )
    store = instance.get(names.BARMAN_API_VERSION, "ObjectStore", str(archiver.get("barmanObjectName"))) or {}
    name, backups = str(live["metadata"]["name"]), instance.items(names.CNPG_API_VERSION, "Backup")
    window = recovery_window(store, backups, name, str(archiver.get("serverName")))
    archiving = condition(live, "ContinuousArchiving").get("status")
    log = {"True": "the log is archived", "False": "the log is not archived"}.get(
        str(archiving), "no log is archived yet"
    )
    backup = f"{window[1]:%Y-%m-%d %H:%M} UTC" if window else "never"
    text = f"{log}, last base backup {backup}"
    is_archived = archiving == "True" or (archiving == "False" and not archive_fails(live))
    return StatusRow("Archive", name, text, is_fine=is_archived and window is not None)


def _poolers(instance: Instance) -> Iterator[StatusRow]:
    for item in instance.items(names.CNPG_API_VERSION, "Pooler"):
        status, wanted = item.get("status", {}), int(item["spec"].get("instances", 1))
        ready, phase = int(status.get("instances", 0)), status.get("phase") or "unknown"
        said = f": {status['error']}" if status.get("error") else ""
        is_fine = ready == wanted and phase == "active" and not said
        yield StatusRow("Pooler", item["metadata"]["name"], f"{ready}/{wanted} ready, {phase}{said}", is_fine=is_fine)
