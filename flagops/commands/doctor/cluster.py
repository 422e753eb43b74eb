"""The database, where it is a Cluster of CloudNativePG: by what its operator says of it, and by its pods."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from components.kit import names
from flagops.commands.db.backups.base.scratch import is_scratch
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.errors import OpsError
from flagops.kubernetes.base_backups import archive_fails, recovery_window
from flagops.kubernetes.lease import is_abandoned
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.postgres_cluster import HEALTHY, is_instance_of
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import UnknownKindError
from flagops.pods.replication import standbys

KIND: Final = "Cluster"
# Which servers somebody has told the operator to stop PostgreSQL in; all of them for "*".
FENCED: Final = "cnpg.io/fencedInstances"
LEASE: Final = ("coordination.k8s.io/v1", "Lease")
UNKNOWN_PLUGIN: Final = "unknown plugin"
STARTED: Final = "BackupStarted"


def cluster(examination: Examination) -> Iterator[DoctorFinding]:
    """A Cluster that is missing or not well, whose archive fails, or of which nothing can be recovered."""
    instance = examination.instance
    postgres = instance.settings.postgres
    if instance.settings.is_edge or not postgres.clustered:
        return
    name = postgres.cluster.name
    try:
        found = instance.items(names.CNPG_API_VERSION, KIND)
    except UnknownKindError:
        yield DoctorFinding(
            "cluster-operator-missing",
            "The cluster no longer knows the kind Cluster: nothing looks after the database.",
            (f"{names.CNPG_API_VERSION} is not served",),
            "install CloudNativePG, 1.30.0 or newer, again; its servers go on meanwhile",
        )
        return
    yield from _left(examination, found)
    live = next((item for item in found if item["metadata"]["name"] == name), None)
    if live is None:
        yield DoctorFinding(
            "cluster-missing",
            f"The Cluster {name} is not there.",
            (),
            f"ff up --stack {instance.stack.name}   (it begins empty; docs/data-tier.md says how one is recovered)",
        )
        return
    yield from _fenced(examination, live)
    yield from _servers(examination, live)
    yield from _standbys(examination, live)
    if instance.settings.archives:
        yield from _archive(examination, live)


def _left(examination: Examination, found: Sequence[Manifest]) -> Iterator[DoctorFinding]:
    """What a drill has left that was ended: nobody holds its lease any more."""
    instance = examination.instance
    for item in filter(is_scratch, found):
        lease = instance.get(*LEASE, names.DRILL)
        if lease is not None and not is_abandoned(lease["spec"], datetime.now(UTC)):
            continue
        yield DoctorFinding(
            "drill-left",
            "A drill was stopped before it could remove its Cluster, which takes room and volumes for nothing.",
            (f"Cluster {item['metadata']['name']}, made at {item['metadata'].get('creationTimestamp')}",),
            f"{instance.kubectl} delete clusters.postgresql.cnpg.io {item['metadata']['name']}   (its volumes go with "
            f"it; ff db drill --base --stack {instance.stack.name} removes it too, and tries again)",
        )


def _fenced(examination: Examination, live: Manifest) -> Iterator[DoctorFinding]:
    stated = (live["metadata"].get("annotations") or {}).get(FENCED)
    if stated is None:
        return
    try:
        found = ", ".join(map(str, json.loads(stated)))
    except (TypeError, ValueError):
        found = str(stated)
    if found:
        yield DoctorFinding(
            "cluster-fenced",
            "Somebody has fenced servers of the Cluster: PostgreSQL does not run in them.",
            (f"{FENCED}: {found}",),
            f"{examination.instance.kubectl} annotate cluster {live['metadata']['name']} {FENCED}-",
        )


def _servers(examination: Examination, live: Manifest) -> Iterator[DoctorFinding]:
    status, instance = live.get("status", {}), examination.instance
    phase, reason = str(status.get("phase") or ""), str(status.get("phaseReason") or "")
    primary, wanted = status.get("currentPrimary"), int(live["spec"].get("instances", 1))
    said = (examination.mask(f"{phase}: {reason}".removesuffix(": ") or "its operator says nothing of it"),)
    describe = f"{instance.kubectl} describe cluster {live['metadata']['name']}   (docs/runbook.md, section 26)"
    if UNKNOWN_PLUGIN in phase.lower() or UNKNOWN_PLUGIN in reason.lower():
        yield DoctorFinding(
            "cluster-plugin-missing",
            "The operator does not find the Barman Cloud plugin, and no longer looks after the Cluster.",
            said,
            "install the plugin in the operator's namespace again (it needs cert-manager)",
        )
    elif phase != HEALTHY:
        yield DoctorFinding("cluster-not-well", "The Cluster is not well.", said, describe)
    if not _is_ready(examination.pods, primary):
        yield DoctorFinding(
            "cluster-without-primary",
            "The Cluster has no primary: nothing can be written.",
            (f"the primary is {primary or 'none'}, and is to be {status.get('targetPrimary') or 'none'}", *said),
            describe,
        )
    ready = int(status.get("readyInstances", 0))
    if ready < wanted:
        yield DoctorFinding(
            "cluster-server-missing",
            f"{ready} of {wanted} servers of the Cluster are ready.",
            said,
            describe,
        )


def _standbys(examination: Examination, live: Manifest) -> Iterator[DoctorFinding]:
    """Standbys that are cut off, or far behind: the primary alone knows, where there is one."""
    instance, primary = examination.instance, live.get("status", {}).get("currentPrimary")
    servers = [pod for pod in examination.pods if is_instance_of(pod, live)]
    server = next((pod for pod in servers if pod["metadata"]["name"] == primary), None)
    if server is None or not _is_ready(servers, primary) or len(servers) < 2 or instance.is_simulated:
        return
    describe = f"{instance.kubectl} logs NAME -c postgres --tail 50   (docs/runbook.md, section 26)"
    try:
        known = {item.name: item for item in standbys(instance, server)}
    except OpsError as error:
        yield DoctorFinding(
            "cluster-lag-unknown",
            "`ff` cannot tell how far the standbys of the Cluster are behind.",
            (examination.mask(error.message),),
            f"{instance.kubectl} logs {primary} -c postgres --tail 50",
        )
        return
    for pod in servers:
        name = str(pod["metadata"]["name"])
        if name == primary:
            continue
        standby = known.get(name)
        if standby is None:
            yield DoctorFinding(
                "cluster-standby-cut-off",
                "A standby of the Cluster no longer follows the primary: it falls behind, and holds back its log.",
                (f"the primary {primary} sends nothing to {name}",),
                describe.replace("NAME", name),
            )
        elif not standby.is_fine:
            yield DoctorFinding(
                "cluster-standby-lags",
                "A standby of the Cluster is far behind: whoever reads from it sees old flags.",
                (f"{name} is {standby.state}, {standby.bytes} bytes and {standby.seconds:.0f} s behind",),
                describe.replace("NAME", name),
            )


def _is_ready(pods: Sequence[Manifest], name: Any) -> bool:
    return any(
        pod["metadata"]["name"] == name and condition(pod, "Ready").get("status") == "True" for pod in pods if name
    )


def _archive(examination: Examination, live: Manifest) -> Iterator[DoctorFinding]:
    instance = examination.instance
    archiving, last = condition(live, "ContinuousArchiving"), condition(live, "LastBackupSucceeded")
    if archive_fails(live):
        yield DoctorFinding(
            "archive-failing",
            "The write-ahead log is not archived: no moment from now on can be recovered, and its volume fills.",
            (examination.mask(str(archiving.get("message", ""))),),
            f"{instance.kubectl} logs {live.get('status', {}).get('currentPrimary')} -c plugin-barman-cloud --tail 50"
            "   (then correct the Secret of backup.s3, or the bucket)",
        )
    # While one is made, the condition is False too.
    if last.get("status") == "False" and last.get("reason") == STARTED:
        return
    if last.get("status") == "False":
        yield DoctorFinding(
            "base-backup-failed",
            "The last base backup of the Cluster failed.",
            (examination.mask(str(last.get("message", ""))),),
            f"{instance.kubectl} get backups.postgresql.cnpg.io",
        )
    elif not _has_window(examination):
        yield DoctorFinding(
            "base-backup-missing",
            "There is no base backup of the Cluster: its archive alone recovers nothing.",
            (),
            f"{instance.kubectl} get scheduledbackups,backups.postgresql.cnpg.io",
        )


def _has_window(examination: Examination) -> bool:
    """Whether there is a first moment that can be recovered."""
    instance, cluster = examination.instance, examination.instance.settings.postgres.cluster
    store = instance.get(names.BARMAN_API_VERSION, "ObjectStore", names.CLUSTER_BACKUPS)
    backups = instance.items(names.CNPG_API_VERSION, "Backup")
    return recovery_window(store, backups, cluster.name, f"{cluster.name}-{cluster.major}") is not None
