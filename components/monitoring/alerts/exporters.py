"""Exporters that answer Prometheus and see nothing themselves: rules on their series would only fall silent."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.counting import grown
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

# Seconds. The exporter waits 5 minutes at most between two attempts to deliver.
LONGEST_LAG: Final = 900
MINUTES_A_DAY: Final = 1440


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the exporters that the stack has."""
    if subject.has_task_metrics:
        yield _flag_metrics(subject.where)
    if subject.has_audit_metrics:
        yield from _audit(subject.where)
    if subject.has_postgres_metrics:
        yield _postgres(subject.where)


def _flag_metrics(where: str) -> Alert:
    return Alert(
        name="FlagsmithFlagMetricsBlind",
        expression=f"{or_zero(f'max(flagsmith_flag_metrics_up{{{where}}})')} == 0",
        minutes=10,
        severity="warning",
        summary="The flag metrics cannot be collected.",
        description="The exporter of the flag metrics is gone, or cannot read all that it should: what it does not "
        "tell, such as tasks that wait or fail, no alert can see.",
        runbook="16-metrics-are-missing",
    )


def _audit(where: str) -> Iterator[Alert]:
    runbook = "22-the-audit-exporter-lags"
    yield Alert(
        name="FlagsmithAuditNotExported",
        expression=f"{or_zero(f'max(flagsmith_audit_export_up{{{where}}})')} == 0",
        minutes=10,
        severity="warning",
        summary="The audit log is not exported.",
        description="The audit exporter is gone, cannot read the log, or its endpoint does not take entries. They wait "
        "in the database.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithAuditLags",
        expression=f"max(flagsmith_audit_export_lag_seconds{{{where}}}) > {LONGEST_LAG}",
        minutes=5,
        severity="warning",
        summary="The audit log is exported late.",
        description="The oldest entry of the audit log has waited for its export for {{ $value | humanizeDuration }}.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithAuditRefused",
        expression=f"max(flagsmith_audit_export_refused{{{where}}}) > 0",
        minutes=5,
        severity="warning",
        summary="The endpoint refuses entries of the audit log.",
        description="{{ $value }} entries of the audit log are refused by the endpoint; they are offered again.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithAuditGivenUp",
        expression=f"sum({grown(f'flagsmith_audit_export_gaps_given_up_total{{{where}}}', MINUTES_A_DAY, where)}) > 0",
        minutes=0,
        severity="warning",
        summary="Entries of the audit log may never be exported.",
        description='{{ $value | printf "%.0f" }} ranges of the audit log\'s numbers were given up within a day: a '
        "transaction that was open for a day may still write them.",
        runbook=runbook,
    )


def _postgres(where: str) -> Alert:
    """Of a server that answers. One that does not is an alert of its own, as is Redis' exporter that cannot read."""
    return Alert(
        name="FlagsmithDatabaseMetricsBlind",
        expression=f"""
            (max(pg_exporter_last_scrape_error{{{where}}}) > 0
            or max(1 - pg_scrape_collector_success{{{where}}}) > 0) and max(pg_up{{{where}}}) > 0""",
        minutes=15,
        severity="warning",
        summary="PostgreSQL's exporter cannot read all of its metrics.",
        description="PostgreSQL answers, and its exporter cannot read everything: alerts on connections and "
        "transactions may see nothing.",
        runbook="16-metrics-are-missing",
    )
