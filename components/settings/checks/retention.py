"""Whether what is kept fits on the volume."""

from collections.abc import Iterator
from typing import Final

from components.settings import analytics
from components.settings.model import Settings
from components.settings.quantities import GI

PERCENT: Final = round(100 * analytics.SHARE)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what fills the volume of the database, if every process of the API is told of evaluations each minute."""
    room = analytics.room(settings)
    if room is None:
        return
    found = analytics.of_stack(settings)
    if found.total > room:
        yield (
            f"retention: analytics and finished tasks can grow to {found.total / GI:.1f} GiB ({found.rows_a_day:,} "
            f"rows a day, if {settings.retention.reported_flags} flags are reported), more than {PERCENT} % of "
            f"postgres.storage.size ({settings.postgres.storage.size}). Lower retention.rawAnalyticsDays or "
            "retention.taskDays, raise postgres.storage.size, or say in retention.reportedFlags how many flags "
            "your applications report: docs/capacity.md"
        )
