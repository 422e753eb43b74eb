"""A Cluster of CloudNativePG: its servers by kube-state-metrics, their volumes, and the archive by PostgreSQL."""

from collections.abc import Iterator
from typing import Final

from components.kit.replication import LAG_SECONDS
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert, Severity
from components.monitoring.alerts.subject import Subject

STREAMING: Final = "cnpg_pg_replication_streaming_replicas"
"""How many standbys a server sends its log to. Each server has it, so that its absence tells of all metrics of them."""
RUNBOOK: Final = "26-a-server-of-the-cluster-is-missing-or-its-archive-fails"
# A segment of the log is closed after 5 minutes at the latest (the operator's archive_timeout), as tasks always write.
ARCHIVE_MINUTES: Final = 30


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of a Cluster; none where there is no such."""
    if subject.cluster is None:
        return
    yield _servers(subject, subject.cluster)
    yield from _volumes(subject, subject.cluster)
    if subject.instances > 1:
        yield from _standbys(subject, subject.cluster)
    if subject.archives and subject.has_postgres_metrics:
        yield from _archive(subject)


def _servers(subject: Subject, cluster: str) -> Alert:
    pods = f'{subject.where},pod=~"{cluster}-[0-9]+",condition="true"'
    # None of them ready, or none at all, is a 0 as well.
    ready = or_zero(f"sum(kube_pod_status_ready{{{pods}}})", provided=subject.kubernetes_is_seen)
    return Alert(
        name="FlagsmithServersMissing",
        expression=f"{ready} < {subject.instances}",
        minutes=15,
        severity="warning",
        summary="A server of the Cluster is missing.",
        description=f'{{{{ $value | printf "%.0f" }}}} of {subject.instances} servers of PostgreSQL are ready: while '
        "standbys are missing, fewer failures are survived, and nothing may be written.",
        runbook=RUNBOOK,
    )


def _standbys(subject: Subject, cluster: str) -> Iterator[Alert]:
    """By the operator's own exporter in each server (config/manager/default-monitoring.yaml of 1.30.0)."""
    servers = f'{subject.where},pod=~"{cluster}-[0-9]+"'
    yield Alert(
        name="FlagsmithStandbyLags",
        expression=f"max by (pod) (cnpg_pg_replication_lag{{{servers}}}) > {LAG_SECONDS}",
        minutes=5,
        severity="warning",
        summary="A standby is far behind the primary.",
        description='{{ $labels.pod }} is {{ $value | printf "%.0f" }} s behind: who reads from it sees old flags, and '
        "after a failover it would take as long until it serves.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithStandbyCutOff",
        # A standby counts none: the most is the primary's.
        expression=f"max({STREAMING}{{{servers}}}) < {subject.instances - 1}",
        minutes=15,
        severity="warning",
        summary="A standby no longer follows the primary.",
        description=f'The primary sends its log to {{{{ $value | printf "%.0f" }}}} of {subject.instances - 1} '
        "standbys: the others fall behind, and hold back the log until its bound.",
        runbook=RUNBOOK,
    )


def _volumes(subject: Subject, cluster: str) -> Iterator[Alert]:
    claims = f'{subject.where},persistentvolumeclaim=~"{cluster}-[0-9]+(-wal)?"'
    available, capacity = (
        f"max by (persistentvolumeclaim) (kubelet_volume_stats_{what}_bytes{{{claims}}})"
        for what in ("available", "capacity")
    )
    bounds: tuple[tuple[str, int, Severity], ...] = (
        ("FlagsmithServerVolumeFills", subject.thresholds.volume_percent, "warning"),
        ("FlagsmithServerVolumeFull", 97, "critical"),
    )
    for name, percent, severity in bounds:
        yield Alert(
            name=name,
            expression=f"(100 - 100 * {available} / {capacity}) > {percent}",
            minutes=5,
            severity=severity,
            summary="A volume of a server of the Cluster is nearly full.",
            description='{{ $labels.persistentvolumeclaim }} is {{ $value | printf "%.0f" }} % full; the server stops '
            "before it is full.",
            runbook="18-a-volume-is-nearly-full",
        )


def _archive(subject: Subject) -> Iterator[Alert]:
    yield Alert(
        name="FlagsmithArchiveFails",
        expression=f"sum(increase(pg_stat_archiver_failed_count{{{subject.where}}}[5m])) > 0",
        minutes=10,
        severity="critical",
        summary="The write-ahead log is not archived.",
        description="PostgreSQL fails to archive its log again and again: no moment from now on can be recovered, and "
        "the log fills its volume.",
        runbook=RUNBOOK,
    )
    yield Alert(
        name="FlagsmithArchiveOld",
        expression=f"sum(increase(pg_stat_archiver_archived_count{{{subject.where}}}[{ARCHIVE_MINUTES}m])) == 0",
        minutes=2 * ARCHIVE_MINUTES,
        severity="warning",
        summary="The archive of the write-ahead log is old.",
        description=f"Nothing was archived for {2 * ARCHIVE_MINUTES} minutes: what was written since cannot be "
        "recovered.",
        runbook=RUNBOOK,
    )
