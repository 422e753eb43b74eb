"""When a CronJob succeeded last."""

from datetime import datetime

from flagops.kubernetes.objects import Manifest

LAST_SUCCESS = "feature-flags/last-success"


def last_success(cron_job: Manifest) -> datetime | None:
    """When a backup was made last, by the schedule or by hand."""
    by_hand = (cron_job["metadata"].get("annotations") or {}).get(LAST_SUCCESS)
    scheduled = cron_job.get("status", {}).get("lastSuccessfulTime")
    times = [datetime.fromisoformat(moment) for moment in (by_hand, scheduled) if moment]
    return max(times, default=None)
