"""Backups: the last one's age, by kube-state-metrics."""

from collections.abc import Iterator

from components.alerts.rule import Alert
from components.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the backups that a schedule makes."""
    if subject.backup_hours is None:
        return
    where, runbook = subject.where, "19-there-is-no-recent-backup"
    job = f'{where},cronjob="flagsmith-backup"'
    last = f"max by (cronjob) (kube_cronjob_status_last_successful_time{{{job}}})"
    # One that never succeeded has no such series: its own age counts then.
    yield Alert(
        name="FlagsmithBackupTooOld",
        expression=f"""
            time() - ({last} or max by (cronjob) (kube_cronjob_created{{{job}}})) > {subject.backup_hours} * 3600""",
        minutes=5,
        severity="critical",
        summary="The last backup is too old.",
        description="The last backup was made {{ $value | humanizeDuration }} ago.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithBackupFailed",
        expression=f"""
            max by (job_name) (kube_job_failed{{{where},condition="true",job_name=~"flagsmith-backup-.*"}}) > 0
            unless on (job_name) (max by (job_name) (kube_job_created{{{where},job_name=~"flagsmith-backup-.*"}})
            <= on () group_left () max({last}))""",
        minutes=0,
        severity="warning",
        summary="A backup failed.",
        description="The Job {{ $labels.job_name }} failed, and no backup was made since.",
        runbook=runbook,
    )
