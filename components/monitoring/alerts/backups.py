"""Backups: the last one's age, by kube-state-metrics."""

from collections.abc import Iterator

from components.kit import names
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the backups that a schedule makes."""
    if subject.backup_hours is None:
        return
    where, runbook = subject.where, "19-there-is-no-recent-backup"
    job = f'{where},cronjob="{names.BACKUP}"'
    last = f"max by (cronjob) (kube_cronjob_status_last_successful_time{{{job}}})"
    created = f"max by (cronjob) (kube_cronjob_created{{{job}}})"
    # One that never succeeded has no such series: its own age counts then. One that is gone makes no backups.
    made = or_zero(f"{last} or {created}", provided=subject.kubernetes_is_seen, cronjob=names.BACKUP)
    yield Alert(
        name="FlagsmithBackupTooOld",
        expression=f"time() - {made} > {subject.backup_hours} * 3600",
        minutes=subject.minutes_unseen(5),
        severity="critical",
        summary="The last backup is too old.",
        description="The last backup was made {{ $value | humanizeDuration }} ago; since 1970 if there is no CronJob.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithBackupFailed",
        expression=f"""
            max by (job_name) (kube_job_failed{{{where},condition="true",job_name=~"{names.BACKUP}-.*"}}) > 0
            unless on (job_name) (max by (job_name) (kube_job_created{{{where},job_name=~"{names.BACKUP}-.*"}})
            <= on () group_left () max({last}))""",
        minutes=0,
        severity="warning",
        summary="A backup failed.",
        description="The Job {{ $labels.job_name }} failed, and no backup was made since.",
        runbook=runbook,
    )
