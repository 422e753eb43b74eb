"""PostgreSQL, by its exporter, and the volumes."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.missing import held
from components.monitoring.alerts.rule import Alert, Severity
from components.monitoring.alerts.servers import postgres_up
from components.monitoring.alerts.subject import Subject

# The volume of the backups has metrics while one is made, and no other volume without its pod.
HOURS_BETWEEN_BACKUPS: Final = 25


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
        claims = f'{where},persistentvolumeclaim=~"{"|".join(subject.volumes)}"'
        used = f"""
            100 - 100 * max by (persistentvolumeclaim) (kubelet_volume_stats_available_bytes{{{claims}}})
            / max by (persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{{{claims}}})"""
        bounds: tuple[tuple[str, int, Severity], ...] = (
            ("FlagsmithVolumeFills", limits.volume_percent, "warning"),
            ("FlagsmithVolumeFull", 97, "critical"),
        )
        for name, percent, severity in bounds:
            yield Alert(
                name=name,
                expression=f"{held(used, HOURS_BETWEEN_BACKUPS)} > {percent}",
                minutes=5,
                severity=severity,
                summary="A volume is nearly full.",
                description='{{ $labels.persistentvolumeclaim }} is {{ $value | printf "%.0f" }} % full.',
                runbook="18-a-volume-is-nearly-full",
            )
