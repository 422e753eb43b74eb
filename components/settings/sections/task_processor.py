"""The pods that work off the queue of tasks."""

from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.resources import Resources
from components.settings.types import Count, Kind, WholeNumber


class TaskProcessorSettings(Section):
    """The pods that work off the queue of tasks (webhooks, audit log, clean-up)."""

    replicas: Count | None = Field(default=None, description="Number of pods. Default: by `size`.")
    threads: Count = Field(default=5, description="Tasks that a pod does at once; each can hold two connections.")
    queue_pop_size: Annotated[Count, Field(le=9), Kind("whole number, 1 to 9")] = Field(
        default=5,
        description="Tasks that a thread takes at once and does in turn. A pod that stops finishes them, for which it "
        "has a minute a task: the grace period of its pods is this many minutes and one more.",
    )
    idle_session_timeout: Annotated[WholeNumber, Field(ge=0, le=3600), Kind("seconds")] | None = Field(
        default=None,
        description="After how many seconds PostgreSQL closes a pod's connection that does nothing. Tasks that "
        "take longer, `queuePopSize` at a time, are then done twice. Default: never; before release 2.225.0, which "
        "leaves a connection open for every task it did, 5. Set 0 behind a pooler that refuses options (PgBouncer), "
        "and for such a release with PostgreSQL 13 and older.",
    )
    resources: Resources | None = Field(default=None, description="Requests and limits. Default: by `size`.")
