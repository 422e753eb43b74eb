"""Flags that should be gone, by the exporter of flag metrics."""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject

HELD: Final = "15m"


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of flags."""
    if not subject.has_task_metrics:
        return
    # An archived one left the catalogue: nobody has to be told. A database that is away for a while ends no alert.
    ends = f'last_over_time(flagsmith_feature_expires_timestamp_seconds{{{subject.where},archived="false"}}[{HELD}])'
    yield Alert(
        name="FlagsmithFlagExpired",
        expression=f"(time() - min by (project, feature) ({ends})) / 86400 > 0",
        minutes=5,
        severity="warning",
        summary="A flag is past its day.",
        description='{{ $labels.feature }} of {{ $labels.project }} expired {{ $value | printf "%.1f" }} days ago.',
        runbook="23-a-flag-is-past-its-day",
    )
