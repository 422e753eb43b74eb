"""Flagsmith's caches: which variables do something, and where each cache is kept.

The `REDIS_URL` of Flagsmith's documentation is read by nothing; each cache has a backend and a location of its own.
What is made with effort and asked for by all replicas is shared in Redis. The environment and its segments are small,
few, and asked for once or twice by every request: each process keeps its own, since asking Redis for them costs a
quarter of a request, and while Redis hangs every one of these questions would wait (measured: `benchmarks/RESULTS.md`).
"""

from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.kit.database_client import REDIS_CA_DIRECTORY
from components.kit.secret_refs import SecretReference
from components.settings.sections.caches import CachesSettings

REDIS_BACKEND: Final = "django_redis.cache.RedisCache"
PROCESS_BACKEND: Final = "django.core.cache.backends.locmem.LocMemCache"


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


def cache_environment(redis: SecretReference | None, caches: CachesSettings, *, with_ca: bool) -> list[EnvVarArgs]:
    """The variables of the caches; without Redis, of those in each process alone.

    Args:
        redis: the Secret with the key `REDIS_URL` (scheme, password, host and port, no database), or None.
        caches: how long each keeps what it holds, and how long an operation may wait.
        with_ca: whether the server's certificate is checked against the CA mounted at `REDIS_CA_DIRECTORY`.
    """
    options = f"socket_timeout={caches.socket_timeout:g}&socket_connect_timeout={caches.socket_timeout:g}"
    if with_ca:
        options += f"&ssl_ca_certs={REDIS_CA_DIRECTORY}/ca.crt"
    variables = [] if redis is None else [redis.env("REDIS_URL", "REDIS_URL")]
    for name, cache in CACHES.items():
        if cache.database is None:
            variables.append(EnvVarArgs(name=cache.backend, value=PROCESS_BACKEND))
            variables.append(EnvVarArgs(name=cache.location, value=name))
        elif redis is not None:
            variables.append(EnvVarArgs(name=cache.backend, value=REDIS_BACKEND))
            variables.append(EnvVarArgs(name=cache.location, value=f"$(REDIS_URL)/{cache.database}?{options}"))
        else:
            continue
        if cache.seconds is not None:
            variables.append(EnvVarArgs(name=cache.seconds, value=str(getattr(caches, cache.setting))))
    if redis is not None:
        # EXPIRING bounds how stale a document can get; PERSISTENT would miss a write made while Redis is away for good.
        variables.append(EnvVarArgs(name="CACHE_ENVIRONMENT_DOCUMENT_MODE", value="EXPIRING"))
    return variables
