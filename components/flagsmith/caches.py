"""Flagsmith's caches: which variables do something, and where each cache is kept.

The `REDIS_URL` of Flagsmith's documentation is read by nothing; each cache has a backend and a location of its own.
What is made with effort and asked for by all replicas is shared in Redis. The environment and its segments are small,
few, and asked for once or twice by every request: each process keeps its own, since asking Redis for them costs a
quarter of a request, and while Redis hangs every one of these questions would wait (measured: `benchmarks/RESULTS.md`).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Cache:
    """One of Flagsmith's caches.

    Attributes:
        database: the Redis database number, so that the keys of each cache can be told apart and dropped alone; None
            for a cache in each process's own memory.
        backend: the variable that names the backend.
        location: the variable that names the location.
        seconds: the variable of the time to live; None where the cache has none.
        setting: the attribute of the settings `caches` with its value; empty where there is no variable.
    """

    database: int | None
    backend: str
    location: str
    seconds: str | None
    setting: str = ""


CACHES: Final = {
    "flags": Cache(
        database=1,
        backend="GET_FLAGS_ENDPOINT_CACHE_BACKEND",
        location="GET_FLAGS_ENDPOINT_CACHE_LOCATION",
        seconds="GET_FLAGS_ENDPOINT_CACHE_SECONDS",
        setting="flags",
    ),
    "identities": Cache(
        database=2,
        backend="GET_IDENTITIES_ENDPOINT_CACHE_BACKEND",
        location="GET_IDENTITIES_ENDPOINT_CACHE_LOCATION",
        seconds="GET_IDENTITIES_ENDPOINT_CACHE_SECONDS",
        setting="identities",
    ),
    "environment": Cache(
        database=None,
        backend="ENVIRONMENT_CACHE_BACKEND",
        location="ENVIRONMENT_CACHE_LOCATION",
        seconds="ENVIRONMENT_CACHE_SECONDS",
        setting="environment",
    ),
    "environment-document": Cache(
        database=3,
        backend="CACHE_ENVIRONMENT_DOCUMENT_BACKEND",
        location="CACHE_ENVIRONMENT_DOCUMENT_LOCATION",
        seconds="CACHE_ENVIRONMENT_DOCUMENT_SECONDS",
        setting="environment_document",
    ),
    "environment-segments": Cache(
        database=None,
        backend="CACHE_ENVIRONMENT_SEGMENTS_BACKEND",
        location="ENVIRONMENT_SEGMENTS_CACHE_LOCATION",
        seconds="CACHE_ENVIRONMENT_SEGMENTS_SECONDS",
        setting="environment_segments",
    ),
    # Where requests per user are counted (USER_THROTTLE_RATE, off by default). The rate of log-ins is counted
    # in each process, and no variable moves it; wrong passwords are counted in the database, by all together.
    "user-throttling": Cache(
        database=4, backend="USER_THROTTLE_CACHE_BACKEND", location="USER_THROTTLE_CACHE_LOCATION", seconds=None
    ),
}
