"""The environments' keys: of environments that there are, each from one place, each in a Secret of its own."""

from collections.abc import Iterator

from components.settings.checks.secrets import lacking_keys
from components.settings.model import Settings
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.sections.secret_store import own_name, sdk_keys
from components.text.object_names import ENVIRONMENT_KEYS


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield keys of unknown environments, of two places, and environments whose Secrets would have one name."""
    yield from _unknown(settings)
    yield from _stored(settings)
    yield from _same_names(settings)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield that edges elsewhere have keys that end before anybody deploys those edges."""
    if settings.sdk_keys.exported and settings.sdk_keys.overlap_hours == 0:
        yield (
            "sdkKeys.overlapHours is 0, and sdkKeys.exported gives keys to edges elsewhere. After a deployment here "
            "that renews them, and until you deploy those edges, they serve old documents, and none of their proxies "
            "can start"
        )


def _unknown(settings: Settings) -> Iterator[Problem]:
    keys, known = settings.sdk_keys, settings.admin.environments
    stored = () if settings.secret_store is None else settings.secret_store.secrets.sdk_keys
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("sdkKeys", "environments", index), name) for index, name in enumerate(keys.environments or ())),
        *((("sdkKeys", "clientKeys", name), name) for name in keys.client_keys),
        *((("sdkKeys", "existingSecrets", name), name) for name in keys.existing_secrets),
        *((("secretStore", "secrets", "sdkKeys", name), name) for name in stored),
    ]
    for path, name in named:
        if name not in known:
            text = f"is none of admin.environments, which are {', '.join(known)}: correct the name, or add it there"
            yield Problem(path=path, text=text, value=name)


def _stored(settings: Settings) -> Iterator[Problem]:
    if settings.secret_store is None:
        return
    for name, stored in settings.secret_store.secrets.sdk_keys.items():
        path = ("secretStore", "secrets", "sdkKeys", name)
        for section, others in (
            ("existingSecrets", settings.sdk_keys.existing_secrets),
            ("clientKeys", settings.sdk_keys.client_keys),
        ):
            if name in others:
                text = (
                    f"takes the keys from the store, and sdkKeys.{section}.{name} is there too: remove one of the two"
                )
                yield Problem(path=path, text=text, value=NOT_SHOWN)
        yield from lacking_keys(ENVIRONMENT_KEYS, stored, path)


def _same_names(settings: Settings) -> Iterator[Problem]:
    stated = settings.sdk_keys.environments
    first: dict[str, str] = {}
    for index, name in enumerate(settings.admin.environments):
        if stated is not None and name not in stated and name not in settings.declared_sdk_keys:
            continue
        secret = own_name(sdk_keys(name))
        if secret in first:
            text = (
                f"would have its keys in the Secret {secret}, as {first[secret]!r} has: rename one of the two in "
                "Flagsmith and here, or leave one out by sdkKeys.environments"
            )
            yield Problem(path=("admin", "environments", index), text=text)
        first.setdefault(secret, name)
