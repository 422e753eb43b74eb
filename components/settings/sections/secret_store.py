"""Secrets that the External Secrets Operator takes from a store, such as Vault or a cloud's secret manager."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.sections.admin import Title
from components.settings.types import Kind, ObjectName, PlainText, SecretDataKey, SecretName, Text
from components.text.object_names import ENVIRONMENT_KEYS, in_a_name


def _interval(value: str) -> str:
    if value != "0" and not re.fullmatch(r"(?=\d)(\d+h)?(\d+m)?(\d+s)?", value):
        raise ValueError("must be a duration such as 1h or 15m; 0 to read the store only once")
    return value


RefreshInterval = Annotated[PlainText, AfterValidator(_interval), Kind("duration, or 0")]


# What the program reads of each Secret, by what the Secret is for; of an embedded server its password too.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("DATABASE_URL",),
    "redis": ("REDIS_URL",),
    "django": ("DJANGO_SECRET_KEY",),
    "admin": ("password",),
}
SERVER_KEYS: Final = ("password",)
SDK_KEYS: Final = "sdk-keys-"
# What the program calls the Secrets it makes; those of the database's roles are made with its server.
OWN_NAMES: Final = frozenset(
    f"flagsmith-{purpose}"
    for purpose in (
        "postgres",
        "redis",
        "django",
        "admin",
        "database",
        "audit",
        "analytics",
        "bootstrap-keys",
        "edge-keys",
    )
)


def sdk_keys(environment: str) -> str:
    """What the Secret with the keys of an environment is for."""
    return f"{SDK_KEYS}{in_a_name(environment)}"


def own_name(purpose: str) -> str:
    """The name of the program's own Secret for a purpose."""
    return f"flagsmith-{purpose}"


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Where the value of one key of a Secret is in the store: an entry, and a property of it if it has several."""

    key: str
    property_name: str | None


class StoredValue(Section):
    """Where the store has one value."""

    key: Text = Field(description="The entry in the store.")
    property_name: Text | None = Field(
        default=None, alias="property", description="The property of the entry. Default: the entry as a whole."
    )

    @property
    def remote(self) -> Remote:
        """The place."""
        return Remote(key=self.key, property_name=self.property_name)


class StoredSecret(Section):
    """Where the store has the values of one Secret."""

    key: Text | None = Field(
        default=None, description="The entry in the store that has every value as a property of the same name."
    )
    properties: dict[SecretDataKey, Text] = Field(
        default_factory=dict, description="Names of properties of that entry, by the Secret's keys, where they differ."
    )
    values: dict[SecretDataKey, StoredValue] = Field(
        default_factory=dict, description="Values that are elsewhere in the store, by the Secret's keys."
    )

    def problems(self) -> Iterator[Problem]:
        """A value that is in two places, or a property of no entry."""
        for name in self.properties:
            if name in self.values:
                yield Problem(path=("properties", name), text="is given in values too: remove one of the two")
            elif self.key is None:
                yield Problem(
                    path=("properties", name), text="needs the entry that it is a property of: set key, or use values"
                )

    def remotes(self, keys: tuple[str, ...]) -> dict[str, Remote | None]:
        """Where the value of each key is; None for one that is nowhere."""
        return {key: self._remote(key) for key in keys}

    def _remote(self, name: str) -> Remote | None:
        if name in self.values:
            return self.values[name].remote
        return None if self.key is None else Remote(key=self.key, property_name=self.properties.get(name, name))


class StoredSecrets(Section):
    """Which Secrets come from the store; the others are generated, or exist already."""

    postgres: StoredSecret | None = Field(
        default=None, description="Keys `DATABASE_URL` and, for the embedded PostgreSQL, `password`."
    )
    redis: StoredSecret | None = Field(
        default=None, description="Keys `REDIS_URL` and, for the embedded Redis, `password`."
    )
    django: StoredSecret | None = Field(default=None, description="Key `DJANGO_SECRET_KEY`.")
    admin: StoredSecret | None = Field(default=None, description="Key `password`.")
    sdk_keys: dict[Title, StoredSecret] = Field(
        default_factory=dict,
        description="By the environment's name. Keys `FLAGSMITH_ENVIRONMENT_KEY` and `FLAGSMITH_SERVER_KEY`.",
    )

    @property
    def by_purpose(self) -> Mapping[str, StoredSecret]:
        """Those that come from the store, by what they are for; without those of environments."""
        return {
            str(field.alias): found
            for name, field in type(self).model_fields.items()
            if isinstance(found := getattr(self, name), StoredSecret)
        }


class OtherSecret(Section):
    """A Secret that another setting names, such as `smtp.existingSecret`."""

    values: Annotated[dict[SecretDataKey, StoredValue], Field(min_length=1)] = Field(
        description="Where the store has the values, by the Secret's keys."
    )


class SecretStoreSettings(Section):
    """A store from which the External Secrets Operator makes Secrets, in place of generated or existing ones."""

    name: ObjectName = Field(description="The store's name in the cluster.")
    kind: Literal["SecretStore", "ClusterSecretStore"] = Field(
        default="SecretStore",
        description="`SecretStore`: one of the stack's namespace; `ClusterSecretStore`: one for the whole cluster.",
    )
    refresh_interval: RefreshInterval = Field(
        default="1h", description="How often the store is read again. Pods keep their values until they are restarted."
    )
    secrets: StoredSecrets = Field(
        default_factory=StoredSecrets, description="Which of the program's own Secrets come from the store."
    )
    others: dict[SecretName, OtherSecret] = Field(
        default_factory=dict,
        description="Further Secrets from the store, by name. Other settings can name them as existing Secrets.",
    )

    def problems(self) -> Iterator[Problem]:
        """A store for nothing, and another Secret with a name that is taken."""
        if not self.secrets.by_purpose and not self.secrets.sdk_keys and not self.others:
            known = ", ".join(str(field.alias) for field in StoredSecrets.model_fields.values())
            yield Problem(path=("secrets",), text=f"must name at least one Secret: {known}; or use others")
        for name in self.others:
            is_sdk_keys = name.startswith(own_name(SDK_KEYS))
            if name in OWN_NAMES or is_sdk_keys:
                own = "sdkKeys" if is_sdk_keys else name[10:]
                has_source = any(own == field.alias for field in StoredSecrets.model_fields.values())
                use = f", or use secrets.{own}" if has_source else ""
                text = f"is the name of a Secret that the program makes: choose another{use}"
                yield Problem(path=("others", name), text=text)

    def remotes(self, keys: Mapping[str, tuple[str, ...]]) -> dict[str, dict[str, Remote]]:
        """Where the values of each Secret are, by its name and its key; `keys` are those of the program's own."""
        found: dict[str, Mapping[str, Remote | None]] = {
            own_name(purpose): stored.remotes(keys[purpose]) for purpose, stored in self.secrets.by_purpose.items()
        }
        for environment, stored in self.secrets.sdk_keys.items():
            found[own_name(sdk_keys(environment))] = stored.remotes(ENVIRONMENT_KEYS)
        for name, other in self.others.items():
            found[name] = {key: value.remote for key, value in other.values.items()}
        return {name: {key: item for key, item in items.items() if item} for name, items in sorted(found.items())}
