"""How long Flagsmith may serve what it has cached, and how long it waits for Redis."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Kind, Seconds, decimal

# A changed flag is to show everywhere within this time.
PROMISED_SECONDS = 10
# What a request that misses every cache asks of Redis, seen on a running server: with Redis hung, each waits in vain.
OPERATIONS = 3
MOST_ADDED_SECONDS = 1.0
# Under load an answer within the cluster can take tens of milliseconds: less would be false alarms.
LEAST_TIMEOUT = 0.02

# Kept in each process's memory, and so there without a Redis too.
PER_PROCESS = frozenset({"environment", "environment_segments"})

SocketTimeout = Annotated[float, BeforeValidator(decimal), Kind("seconds, such as 0.1")]


class CachesSettings(Section):
    """How long each of Flagsmith's caches keeps what it holds. `environment` and `environmentSegments` are kept in each
    process's memory, also without a Redis; the others in Redis, and not at all without it.

    A changed flag shows everywhere within 10 s, by expiry alone. At 2.265.0 a change of a flag drops none of these;
    `environment` is dropped when the environment itself is saved, but not by a changed flag, which writes its
    `updated_at` past the hooks, and not for server-side keys when the project is saved. What one cache holds may have
    been made from what another had held to its last moment, so that the times add up:

    - `GET /flags/`: the response (`flags`) reads the flags from the database, and from the cached environment
      (`environment`) whether disabled ones are hidden and how flags are versioned: 4 + 5 = 9 s.
    - `GET /identities/`: the response (`identities`) is made from the cached environment and the cached segments
      (`environmentSegments`), which lie side by side: 4 + 5 = 9 s. `POST` is not cached as a whole: 5 s.
    - `GET /environment-document/`: the document (`environmentDocument`) is made from the database, and the cached
      environment tells beside it whether it is new (304 to a client that sends `If-Modified-Since`): 5 s.

    The second that is left is for making the response. A client's own polling comes on top.

    The document's time is short against the environment's for a reason: an old document that is sent along with a new
    environment's `Last-Modified` is what a client that sends `If-Modified-Since` keeps until the next change. Flagsmith
    leaves that open; the shorter the document is kept, and the longer the environment, the rarer it is.
    """

    flags: Seconds = Field(default=4, description="The response of `GET /api/v1/flags/`.")
    identities: Seconds = Field(default=4, description="The response of `GET /api/v1/identities/`, for each identity.")
    environment: Seconds = Field(default=5, description="The environment that a key belongs to.")
    environment_document: Seconds = Field(
        default=2,
        description="The document that SDKs with local evaluation poll. Keep it well below `environment`; otherwise a "
        "client that sends `If-Modified-Since` may keep an old one.",
    )
    environment_segments: Seconds = Field(default=5, description="The segments with overrides in an environment.")
    socket_timeout: SocketTimeout = Field(
        default=0.05,
        description="How long one operation may wait for Redis, at least 0.02. A request makes up to three, and waits "
        "for each if Redis hangs: together they must be less than 1 s.",
    )

    def worst_cases(self) -> dict[str, int]:
        """Seconds until a change shows for certain, by what is added up."""
        behind = max(self.environment, self.environment_segments)
        return {
            f"flags {self.flags} + environment {self.environment}": self.flags + self.environment,
            f"identities {self.identities} + environment or environmentSegments {behind}": self.identities + behind,
            f"the longer of environment {self.environment} and environmentDocument {self.environment_document}": max(
                self.environment, self.environment_document
            ),
        }

    def problems(self) -> Iterator[Problem]:
        """A time-out that takes Flagsmith down with Redis, or that a busy Redis would exceed."""
        if self.socket_timeout < LEAST_TIMEOUT:
            yield Problem(
                path=("socketTimeout",),
                text=f"must be at least {LEAST_TIMEOUT} seconds: a busy Redis would count as unavailable",
            )
        if OPERATIONS * self.socket_timeout >= MOST_ADDED_SECONDS:
            yield Problem(
                path=("socketTimeout",),
                text=f"must be less than {MOST_ADDED_SECONDS:g} second in all {OPERATIONS} operations of a request, "
                f"so at most 0.33, or a hung Redis takes Flagsmith down with it",
            )
