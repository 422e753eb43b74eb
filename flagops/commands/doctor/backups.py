"""Backups that are not made."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flagops.commands.db.backups.jobs import BACKUP, template
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.pods.last_success import last_success


def backups(examination: Examination, now: datetime | None = None) -> Iterator[DoctorFinding]:
    """The last scheduled backup is older than the settings allow, or there has been none."""
    settings, instance = examination.instance.settings.backup, examination.instance
    if instance.settings.is_edge or not settings.enabled or settings.suspend:
        return
    cron_job = template(instance)
    if cron_job is None:
        return
    moment = now or datetime.now(UTC)
    last, made = last_success(cron_job), datetime.fromisoformat(cron_job["metadata"]["creationTimestamp"])
    if moment - (last or made) <= timedelta(hours=settings.max_age_hours):
        return
    jobs = [
        job["metadata"]["name"]
        for job in examination.jobs
        if job["metadata"]["name"].startswith(f"{BACKUP}-") and job.get("status", {}).get("failed")
    ]
    failed = f"failed: {', '.join(jobs[-3:])}" if jobs else "no Job of it has failed that is still there"
    yield DoctorFinding(
        "backup-too-old",
        f"The last backup is of {last:%Y-%m-%d %H:%M} UTC." if last else "No backup was ever made.",
        (f"schedule {cron_job['spec']['schedule']}, allowed are {settings.max_age_hours} h", failed),
        f"ff db backup --stack {instance.stack.name}",
    )
