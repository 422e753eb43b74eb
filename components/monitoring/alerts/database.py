"""PostgreSQL, by its exporter, and the volumes."""

from collections.abc import Iterator
from typing import Final

from components.kit import names
from components.monitoring.alerts.missing import held
from components.monitoring.alerts.rule import Alert, Severity
from components.monitoring.alerts.servers import postgres_up
from components.monitoring.alerts.subject import Subject

# A volume has metrics while a pod has it: that of the backups for the minutes of one, the database's nearly always.
HOURS_WITHOUT_POD: Final = 25
# The kubelet looks once a minute, Prometheus hardly more often: so much older than its end may a run's last sample be.
SECONDS_BEFORE_THE_END: Final = 300


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the database and the volumes."""
    limits, where = subject.thresholds, subject.where
    if subject.has_postgres_metrics:
        yield Alert(
            name="FlagsmithDatabaseDown",
            expression=f"{postgres_up(subject)} == 0",
            minutes=subject.minutes_unseen(2),
            severity="critical",
            summary="The database does not answer.",
            description="PostgreSQL takes no connection of its exporter, or is gone with it; what is cached is served "
            "for seconds.",
            runbook="2-the-database-is-away",
        )
        yield Alert(
            name="FlagsmithConnections",
            expression=f"""
                100 * sum(pg_stat_activity_count{{{where}}}) / max(pg_settings_max_connections{{{where}}})
                > {limits.connections_percent}""",
            minutes=10,
            severity="warning",
            summary="The database runs out of connections.",
            description='{{ $value | printf "%.0f" }} % of max_connections are in use.',
            runbook="3-the-database-is-out-of-connections",
        )
        yield Alert(
            name="FlagsmithTransactionOpen",
            expression=f'max(pg_stat_activity_max_tx_duration{{{where},state=~"idle in transaction.*"}}) > 900',
            minutes=5,
            severity="warning",
            summary="A transaction stays open and does nothing.",
            description="It began {{ $value | humanizeDuration }} ago; what it locks waits, and no table is cleaned.",
            runbook="3-the-database-is-out-of-connections",
        )
    if subject.volumes:
        used = " or ".join(_held(subject, claim) for claim in subject.volumes)
        bounds: tuple[tuple[str, int, Severity], ...] = (
            ("FlagsmithVolumeFills", limits.volume_percent, "warning"),
            ("FlagsmithVolumeFull", 97, "critical"),
        )
        for name, percent, severity in bounds:
            yield Alert(
                name=name,
                expression=f"({used}) > {percent}",
                minutes=5,
                severity=severity,
                summary="A volume is nearly full.",
                description='{{ $labels.persistentvolumeclaim }} is {{ $value | printf "%.0f" }} % full.',
                runbook="18-a-volume-is-nearly-full",
            )


def _held(subject: Subject, claim: str) -> str:
    """How full a volume is, in percent, or was when a pod had it last."""
    claims = f'{subject.where},persistentvolumeclaim="{claim}"'
    available, capacity = (
        f"max by (persistentvolumeclaim) (kubelet_volume_stats_{what}_bytes{{{claims}}})"
        for what in ("available", "capacity")
    )
    used = f"(100 - 100 * {available} / {capacity})"
    if claim != names.BACKUP_DATA:
        return held(used, f"{HOURS_WITHOUT_POD}h")
    # By then there must be another backup, or FlagsmithBackupTooOld fires.
    hours = subject.backup_hours or HOURS_WITHOUT_POD
    last = f'max(kube_cronjob_status_last_successful_time{{{subject.where},cronjob="{names.BACKUP}"}})'
    seen = f"max(max_over_time(timestamp(kubelet_volume_stats_capacity_bytes{{{claims}}})[{hours}h:1m]))"
    # A later one that succeeded found room, even if it was too short to be measured.
    return held(used, f"{hours}h", unless=f"({last} > {seen} + {SECONDS_BEFORE_THE_END})")
