"""Flagsmith's caches in Redis: which variables do something, and the location each is given.

The `REDIS_URL` of Flagsmith's documentation is read by nothing; each cache has a backend and a location of its own.
"""

from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.references import SecretReference
from components.settings.caches import Caches

BACKEND: Final = "django_redis.cache.RedisCache"
CA_DIRECTORY: Final = "/etc/flagsmith/redis-ca"


@dataclass(frozen=True, kw_only=True)
class Cache:
    """One of Flagsmith's caches.

    Attributes:
        database: the Redis database number, so that the keys of each cache can be told apart and dropped alone.
        backend: the variable that names the backend.
        location: the variable that names the location.
        seconds: the variable of the time to live; None where the cache has none.
        setting: the attribute of the settings `caches` with its value; empty where there is no variable.
    """

    database: int
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
        database=3,
        backend="ENVIRONMENT_CACHE_BACKEND",
        location="ENVIRONMENT_CACHE_LOCATION",
        seconds="ENVIRONMENT_CACHE_SECONDS",
        setting="environment",
    ),
    "environment-document": Cache(
        database=4,
        backend="CACHE_ENVIRONMENT_DOCUMENT_BACKEND",
        location="CACHE_ENVIRONMENT_DOCUMENT_LOCATION",
        seconds="CACHE_ENVIRONMENT_DOCUMENT_SECONDS",
        setting="environment_document",
    ),
    "environment-segments": Cache(
        database=5,
        backend="CACHE_ENVIRONMENT_SEGMENTS_BACKEND",
        location="ENVIRONMENT_SEGMENTS_CACHE_LOCATION",
        seconds="CACHE_ENVIRONMENT_SEGMENTS_SECONDS",
        setting="environment_segments",
    ),
    # Where requests per user are counted (USER_THROTTLE_RATE, off by default). The rate of log-ins is counted
    # in each process, and no variable moves it; wrong passwords are counted in the database, by all together.
    "user throttling": Cache(
        database=6, backend="USER_THROTTLE_CACHE_BACKEND", location="USER_THROTTLE_CACHE_LOCATION", seconds=None
    ),
}


def cache_environment(redis: SecretReference | None, caches: Caches, *, with_ca: bool) -> list[EnvVarArgs]:
    """The variables that put the caches into Redis; without Redis, what bounds the one that Flagsmith has anyway.

    Args:
        redis: the Secret with the key `REDIS_URL` (scheme, password, host and port, no database), or None.
        caches: how long each keeps what it holds, and how long an operation may wait.
        with_ca: whether the server's certificate is checked against the CA mounted at `CA_DIRECTORY`.
    """
    if redis is None:
        # Each process keeps environments in its memory, for 60 s unless told otherwise.
        return [EnvVarArgs(name="ENVIRONMENT_CACHE_SECONDS", value=str(caches.environment))]
    options = f"socket_timeout={caches.socket_timeout:g}&socket_connect_timeout={caches.socket_timeout:g}"
    if with_ca:
        options += f"&ssl_ca_certs={CA_DIRECTORY}/ca.crt"
    variables = [redis.env("REDIS_URL", "REDIS_URL")]
    for cache in CACHES.values():
        variables.append(EnvVarArgs(name=cache.backend, value=BACKEND))
        variables.append(EnvVarArgs(name=cache.location, value=f"$(REDIS_URL)/{cache.database}?{options}"))
        if cache.seconds is not None:
            variables.append(EnvVarArgs(name=cache.seconds, value=str(getattr(caches, cache.setting))))
    # EXPIRING bounds how stale a document can get; PERSISTENT would miss a write made while Redis is away for good.
    variables.append(EnvVarArgs(name="CACHE_ENVIRONMENT_DOCUMENT_MODE", value="EXPIRING"))
    return variables
