"""Where each Secret comes from: generated, existing or from a store, and only one of them."""

from collections.abc import Iterator

from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.sections.secret_store import StoredSecret


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield a problem for each Secret that has two sources, no source, or not all of its keys."""
    yield from _missing(settings)
    store = settings.secret_store
    if store is None:
        return
    for purpose, stored in store.secrets.by_purpose.items():
        path = ("secretStore", "secrets", purpose)
        section = "secretKey" if purpose == "django" else purpose
        if purpose == "postgres" and settings.postgres.has_cluster:
            text = "has no use with postgres.mode cloudnativepg, whose roles are the stack's own: remove it"
            yield Problem(path=path, text=text)
        elif purpose == "redis" and not settings.redis.enabled:
            yield Problem(path=path, text="has no effect, because redis.mode is none: remove it")
        elif settings.existing_secrets[purpose] is not None:
            text = f"names the source of a Secret that {section}.existingSecret names too: remove one of the two"
            yield Problem(path=path, text=text)
        else:
            yield from lacking_keys(settings.secret_keys(purpose), stored, path)


def _missing(settings: Settings) -> Iterator[Problem]:
    for purpose, mode, key in (
        ("postgres", settings.postgres.mode, "DATABASE_URL"),
        ("redis", settings.redis.mode, "REDIS_URL"),
    ):
        if mode == "external" and settings.foreign_secret(purpose) is None:
            yield Problem(
                path=(purpose, "existingSecret"),
                text=f"is required with {purpose}.mode external: name an existing Secret of the namespace "
                f"that has the key {key}, or take it from a store with secretStore.secrets.{purpose}",
            )


def lacking_keys(needed: tuple[str, ...], stored: StoredSecret, path: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a problem for each key that a Secret from the store needs and lacks, or has and does not need."""
    for section, names in (("properties", stored.properties), ("values", stored.values)):
        for name in names:
            if name not in needed:
                yield Problem(path=(*path, section, name), text=f"is no key of this Secret: it has {', '.join(needed)}")
    lacking = [name for name, remote in stored.remotes(needed).items() if remote is None]
    if lacking:
        yield Problem(
            path=path,
            text=f"must say where in the store {' and '.join(lacking)} is: this Secret needs {' and '.join(needed)}. "
            f"Set key, the entry that has them, or values.{lacking[0]}",
        )
