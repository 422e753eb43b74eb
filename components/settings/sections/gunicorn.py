"""The API's web server."""

from collections.abc import Iterator

from pydantic import Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Count, Seconds


class GunicornSettings(Section):
    """The API's web server, in each pod."""

    workers: Count | None = Field(
        default=None, description="Worker processes per pod. Default: the CPU limit of `resources`, at least 2."
    )
    threads: Count | None = Field(
        default=None,
        description="Threads per worker, at least 2. Default: 2; with more, the slowest answers get slower (measured).",
    )
    timeout: Seconds = Field(default=30, description="Seconds after which a silent worker is killed.")

    def problems(self) -> Iterator[Problem]:
        """One thread: the worker then answers on the connection that its parent opened, as all its siblings do.

        Seen on 2.265.0: Flagsmith asks the database before gunicorn forks, and with one thread the workers inherit
        that socket. Under load answers got mixed up and requests failed; request threads open connections of their own.
        """
        if self.threads == 1:
            yield Problem(
                path=("threads",),
                text="must be at least 2: with one thread, gunicorn's workers share a database connection that "
                "Flagsmith opened before they were started, and their answers get mixed up",
            )
