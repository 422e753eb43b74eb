"""How long Flagsmith keeps analytics and finished tasks.

The names, the defaults and the clean-up were read in Flagsmith's settings and tasks at 2.265.0: the task processor
deletes once a day. Nothing there deletes the audit log.
"""

from typing import Annotated, Final

from pydantic import Field

from components.settings.base import Section
from components.settings.types import Count, Kind, WholeNumber

LONGEST_DAYS: Final = 3650
LEAST_BUCKETED_DAYS: Final = 30
Days = Annotated[WholeNumber, Field(ge=1, le=LONGEST_DAYS), Kind("days, 1 to 3650")]
# `ff flags usage` looks back so far, and would call a flag unused whose sums are gone.
BucketedDays = Annotated[WholeNumber, Field(ge=LEAST_BUCKETED_DAYS, le=LONGEST_DAYS), Kind("days, 30 to 3650")]

# Flagsmith's own.
RAW_DAYS: Final = 30
BUCKETED_DAYS: Final = 90
TASK_DAYS: Final = 30
# Those of the environment that everything was measured with.
REPORTED_FLAGS: Final = 50


class RetentionSettings(Section):
    """How long Flagsmith keeps what grows by itself: analytics and finished tasks. The task processor deletes what is
    older, once a day. The audit log has no such limit: docs/audit.md says how to shorten it.
    """

    raw_analytics_days: Days = Field(
        default=RAW_DAYS,
        description="Days that single reports of evaluations and requests are kept: a row for each flag, minute and "
        "process of the API.",
    )
    bucketed_analytics_days: BucketedDays = Field(
        default=BUCKETED_DAYS,
        description="Days that the sums of each 15 minutes are kept, which the UI and `ff flags usage` show.",
    )
    task_days: Days = Field(
        default=TASK_DAYS,
        description="Days that finished tasks, and the runs of recurring ones, are kept. Tasks that failed for good "
        "stay.",
    )
    reported_flags: Count = Field(
        default=REPORTED_FLAGS,
        description="Only for the warning about the disk: the number of flags whose evaluations your applications "
        "report. Count a flag once for each environment.",
    )
