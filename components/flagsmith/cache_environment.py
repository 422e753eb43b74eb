"""The variables that tell Flagsmith where its caches are and how long they keep what they hold."""

from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.flagsmith.caches import CACHES
from components.kit.database_client import REDIS_CA_DIRECTORY
from components.kit.secret_refs import SecretReference
from components.settings.sections.caches import CachesSettings
from components.settings.sections.redis import RedisSettings

REDIS_BACKEND: Final = "django_redis.cache.RedisCache"
PROCESS_BACKEND: Final = "django.core.cache.backends.locmem.LocMemCache"


def cache_environment(
    redis: SecretReference | None, caches: CachesSettings, settings: RedisSettings
) -> list[EnvVarArgs]:
    """The variables of the caches; without Redis, of those in each process alone.

    Args:
        redis: the Secret with the key `REDIS_URL` (scheme, password, host and port, no database), or None.
        caches: how long each keeps what it holds, and how long an operation may wait.
        settings: those of Redis. With a CA, the server's certificate is checked against the one mounted at
            `REDIS_CA_DIRECTORY`.
    """
    options = f"socket_timeout={caches.socket_timeout:g}&socket_connect_timeout={caches.socket_timeout:g}"
    if settings.tls and settings.check_hostname:
        # redis-py 5.0.1, Flagsmith's, checks who signed a certificate, and by default not whose it is.
        options += "&ssl_check_hostname=true"
    if settings.ca_secret is not None:
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
