"""What the settings of the flag metrics need of the database's."""

from collections.abc import Iterator

from components.settings.model import Settings
from components.settings.problems import Problem

_WANTED = (
    "name a Secret with the DATABASE_URL of a read-only role in monitoring.flagMetrics.existingSecret "
    "(docs/flag-metrics.md has the SQL)"
)


def problems(settings: Settings) -> Iterator[Problem]:
    """Switched on, without a role to read with."""
    metrics = settings.monitoring.flag_metrics
    if metrics.enabled and not settings.postgres.is_own and metrics.existing_secret is None:
        yield Problem(
            path=("monitoring", "flagMetrics", "enabled"),
            text=f"needs a role in the external database: {_WANTED}, or set it to false",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Wanted by default, and not possible."""
    metrics = settings.monitoring.flag_metrics
    is_seen = settings.is_edge or settings.flag_metrics_enabled
    if metrics.enabled is None and settings.monitoring_enabled and not is_seen:
        yield (
            "monitoring.flagMetrics: the database is external and no role that reads it is named, so "
            f"evaluations, adoption and the task queue are not measured; {_WANTED}, or set "
            "monitoring.flagMetrics.enabled to false"
        )
