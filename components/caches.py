"""Flagsmith's caches in Redis: which variables do something, and the location each is given.

The `REDIS_URL` of Flagsmith's documentation is read by nothing; each cache has a backend and a location of its own.
"""

from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.references import SecretReference

BACKEND: Final = "django_redis.cache.RedisCache"
CA_DIRECTORY: Final = "/etc/flagsmith/redis-ca"

# A hung Redis costs one time-out per operation, and a request makes about six: in all less than a second.
SOCKET_TIMEOUT_SECONDS: Final = 0.1

# A changed flag shows everywhere within this time, also if Redis was away when it changed.
SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Cache:
    """One of Flagsmith's caches.

    Attributes:
        database: the Redis database number, so that the keys of each cache can be told apart and dropped alone.
        backend: the variable that names the backend.
        location: the variable that names the location.
        seconds: the variable of the time to live; None where the cache has none.
    """

    database: int
    backend: str
    location: str
    seconds: str | None


CACHES: Final = {
    "flags": Cache(
        database=1,
        backend="GET_FLAGS_ENDPOINT_CACHE_BACKEND",
        location="GET_FLAGS_ENDPOINT_CACHE_LOCATION",
        seconds="GET_FLAGS_ENDPOINT_CACHE_SECONDS",
    ),
    "identities": Cache(
        database=2,
        backend="GET_IDENTITIES_ENDPOINT_CACHE_BACKEND",
        location="GET_IDENTITIES_ENDPOINT_CACHE_LOCATION",
        seconds="GET_IDENTITIES_ENDPOINT_CACHE_SECONDS",
    ),
    "environment": Cache(
        database=3,
        backend="ENVIRONMENT_CACHE_BACKEND",
        location="ENVIRONMENT_CACHE_LOCATION",
        seconds="ENVIRONMENT_CACHE_SECONDS",
    ),
    "environment-document": Cache(
        database=4,
        backend="CACHE_ENVIRONMENT_DOCUMENT_BACKEND",
        location="CACHE_ENVIRONMENT_DOCUMENT_LOCATION",
        seconds="CACHE_ENVIRONMENT_DOCUMENT_SECONDS",
    ),
    "environment-segments": Cache(
        database=5,
        backend="CACHE_ENVIRONMENT_SEGMENTS_BACKEND",
        location="ENVIRONMENT_SEGMENTS_CACHE_LOCATION",
        seconds="CACHE_ENVIRONMENT_SEGMENTS_SECONDS",
    ),
    # Failed log-ins are counted by all replicas together, or each replica would allow as many again.
    "log-in throttling": Cache(
        database=6, backend="USER_THROTTLE_CACHE_BACKEND", location="USER_THROTTLE_CACHE_LOCATION", seconds=None
    ),
}


def cache_environment(redis: SecretReference | None, *, with_ca: bool) -> list[EnvVarArgs]:
    """The variables that put the caches into Redis; none of them without Redis.

    Args:
        redis: the Secret with the key `REDIS_URL` (scheme, password, host and port, no database), or None.
        with_ca: whether the server's certificate is checked against the CA mounted at `CA_DIRECTORY`.
    """
    if redis is None:
        return []
    options = f"socket_timeout={SOCKET_TIMEOUT_SECONDS}&socket_connect_timeout={SOCKET_TIMEOUT_SECONDS}"
    if with_ca:
        options += f"&ssl_ca_certs={CA_DIRECTORY}/ca.crt"
    variables = [redis.env("REDIS_URL", "REDIS_URL")]
    for cache in CACHES.values():
        variables.append(EnvVarArgs(name=cache.backend, value=BACKEND))
        variables.append(EnvVarArgs(name=cache.location, value=f"$(REDIS_URL)/{cache.database}?{options}"))
        if cache.seconds is not None:
            variables.append(EnvVarArgs(name=cache.seconds, value=str(SECONDS)))
    # EXPIRING bounds how stale a document can get; PERSISTENT would miss a write made while Redis is away for good.
    variables.append(EnvVarArgs(name="CACHE_ENVIRONMENT_DOCUMENT_MODE", value="EXPIRING"))
    return variables
