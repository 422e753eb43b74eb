"""The pods that work off the queue of tasks."""

from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.resources import Resources
from components.settings.types import Count, Kind, WholeNumber


class TaskProcessorSettings(Section):
    """The pods that do the tasks in the queue (webhooks, audit log, clean-up)."""

    replicas: Count | None = Field(default=None, description="Number of pods. Default: by `size`.")
    threads: Count = Field(default=5, description="Tasks that a pod does at once; each can hold two connections.")
    queue_pop_size: Annotated[Count, Field(le=9), Kind("whole number, 1 to 9")] = Field(
        default=5,
        description="How many tasks a thread takes at once; it does them in turn. A pod that stops has a minute for "
        "each: its grace period is this many minutes and one more.",
    )
    idle_session_timeout: Annotated[WholeNumber, Field(ge=0, le=3600), Kind("seconds")] | None = Field(
        default=None,
        description="Seconds after which PostgreSQL closes an idle connection of a pod. If `queuePopSize` tasks "
        "together take longer, they are done twice. Default: never; 5 for releases before 2.225.0, which leave a "
        "connection open for every task. Set 0 behind a pooler that refuses options (PgBouncer), and for those "
        "releases with PostgreSQL 13 or older.",
    )
    resources: Resources | None = Field(default=None, description="Requests and limits. Default: by `size`.")
