"""The disk that analytics and finished tasks take: the most that Flagsmith writes, times how long it is kept.

Read in Flagsmith 2.265.0 (`app_analytics/cache.py`, `tasks.py`): each process of the API sums up what is reported to it
and writes the sums once a minute, as a task and a row for each flag, and a row for each kind of request. So there is a
most, whatever the number of users. Not in it: the second form of reports (`/api/v2/analytics/flags/`), which writes a
row for each identity at once.
"""

from dataclasses import dataclass
from typing import Final

from components.settings.model import Settings
from components.settings.quantities import parse_memory

FLUSHES_A_DAY: Final = 24 * 60
BUCKETS_A_DAY: Final = 24 * 4
# Requests are counted by kind: flags, identities, traits, environment documents.
KINDS_OF_REQUESTS: Final = 4

# Bytes a row with its indexes, measured on PostgreSQL 17.11 with Flagsmith's columns and indexes, 5,000 to 200,000
# rows, names of 21 letters; docs/capacity.md has the figures. Evaluations have labels only where
# Flagsmith's own flag `sdk_metrics_labels` is on, and then take 263.
RAW_EVALUATION_BYTES: Final = 132
RAW_REQUEST_BYTES: Final = 271
BUCKET_BYTES: Final = 245
# A task with its run has 440, and 14 for each flag in it (1,126 measured with 50).
TASK_BYTES: Final = 440
TASK_BYTES_A_FLAG: Final = 14

# The rest is for identities, the write-ahead log, and what deleted rows leave until VACUUM has been there.
SHARE: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class KeptDays:
    """How long each kind is kept, in days."""

    raw: int
    bucketed: int
    tasks: int


@dataclass(frozen=True, kw_only=True)
class AnalyticsDisk:
    """The most that is written, and the most that is there.

    Attributes:
        rows_a_day: rows of single evaluations and requests.
        raw: bytes of these.
        bucketed: bytes of the sums of 15 minutes.
        tasks: bytes of finished tasks.
    """

    rows_a_day: int
    raw: int
    bucketed: int
    tasks: int

    @property
    def total(self) -> int:
        """All bytes."""
        return self.raw + self.bucketed + self.tasks


def analytics_disk(*, processes: int, flags: int, environments: int, kept: KeptDays) -> AnalyticsDisk:
    """Compute it for so many processes of the API, reported flags (each environment's counted), and environments."""
    evaluations = processes * flags * FLUSHES_A_DAY
    requests = processes * environments * KINDS_OF_REQUESTS * FLUSHES_A_DAY
    tasks = processes * environments * FLUSHES_A_DAY
    buckets = (flags + environments * KINDS_OF_REQUESTS) * BUCKETS_A_DAY
    return AnalyticsDisk(
        rows_a_day=evaluations + requests,
        raw=kept.raw * (evaluations * RAW_EVALUATION_BYTES + requests * RAW_REQUEST_BYTES),
        bucketed=kept.bucketed * buckets * BUCKET_BYTES,
        tasks=kept.tasks * (tasks * TASK_BYTES + evaluations * TASK_BYTES_A_FLAG),
    )


def of_stack(settings: Settings) -> AnalyticsDisk:
    """Compute it for a stack, with as many API pods as it may have."""
    chosen = settings.retention
    return analytics_disk(
        processes=settings.most_replicas * settings.gunicorn_workers,
        flags=chosen.reported_flags,
        environments=len(settings.admin.environments),
        kept=KeptDays(raw=chosen.raw_analytics_days, bucketed=chosen.bucketed_analytics_days, tasks=chosen.task_days),
    )


def room(settings: Settings) -> int | None:
    """How many bytes of the database's volume these may take; None where the volume is not the stack's."""
    if settings.is_edge or not settings.postgres.is_own:
        return None
    return int(parse_memory(settings.postgres.storage.size) * SHARE)
