"""Secrets that exist in the namespace already, and keys in them."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field, model_validator

from components.settings.base import Section
from components.settings.problems import Problem
from components.settings.types import Boolean, SecretDataKey, SecretName, secret_name
from components.text.object_names import ENVIRONMENT_KEYS

OTHER_KEY = "The name of the key in the Secret, if it is another one."


class SecretByName(Section):
    """An existing Secret of the stack's namespace. Its name alone stands for a map with `name`."""

    name: SecretName = Field(description="The Secret's name.")

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return value if isinstance(value, Mapping | cls) else {"name": secret_name(value)}


class NamedSecret(SecretByName):
    """An existing Secret, and what its keys are called where those have other names than the program's own.

    `reads` are the keys that the program reads of it, by its own names.
    """

    reads: ClassVar[tuple[str, ...]] = ()

    @property
    def renamed(self) -> Mapping[str, str]:
        """The Secret's keys by the program's own names for them, where they differ."""
        return {}

    def key_of(self, own: str) -> str:
        """What the Secret calls the key that is `own` to the program."""
        return self.renamed.get(own, own)


class OneKeySecret(NamedSecret):
    """An existing Secret of which one key is read."""

    key: SecretDataKey | None = Field(default=None, description=OTHER_KEY)

    @property
    def renamed(self) -> Mapping[str, str]:
        """The one key."""
        return {} if self.key is None else {self.reads[0]: self.key}


class ManyKeysSecret(NamedSecret):
    """An existing Secret of which several keys are read."""

    keys: dict[SecretDataKey, SecretDataKey] = Field(
        default_factory=dict,
        description="For keys that have other names in the Secret: the name above, and the name there.",
    )

    @property
    def renamed(self) -> Mapping[str, str]:
        """Those of `keys`."""
        return self.keys

    def problems(self) -> Iterator[Problem]:
        """Keys that nobody reads."""
        for own in self.keys:
            if own not in self.reads:
                text = f"is no key that is read here: those are {', '.join(self.reads)}"
                yield Problem(path=("keys", own), text=text)


class ServerSecret(ManyKeysSecret):
    """An existing Secret with an address, and for a server of the stack's own the log-in too."""

    key: SecretDataKey | None = Field(
        default=None,
        description="The name of the address' key in the Secret, if it is another one.",
    )

    @property
    def renamed(self) -> Mapping[str, str]:
        """Those of `keys`, and that of the address."""
        return self.keys if self.key is None else {**self.keys, self.reads[0]: self.key}

    def problems(self) -> Iterator[Problem]:
        """Keys that nobody reads, and the address under two."""
        yield from super().problems()
        if self.key is not None and self.reads[0] in self.keys:
            yield Problem(
                path=("key",), text=f"names the key that keys.{self.reads[0]} names too: remove one of the two"
            )


class PostgresSecret(ServerSecret):
    """An existing Secret of a database."""

    reads = ("DATABASE_URL", "password", "previous")


class RedisSecret(ServerSecret):
    """An existing Secret of a Redis."""

    reads = ("REDIS_URL", "password", "metrics-password")


class DatabaseUrlSecret(OneKeySecret):
    """An existing Secret with the log-in of one role of a database."""

    reads = ("DATABASE_URL",)


class RedisUrlSecret(OneKeySecret):
    """An existing Secret with the log-in of one user of a Redis."""

    reads = ("REDIS_URL",)


class DjangoSecret(OneKeySecret):
    """An existing Secret with the key that Flagsmith signs with."""

    reads = ("DJANGO_SECRET_KEY",)


class PasswordSecret(OneKeySecret):
    """An existing Secret with a password."""

    reads = ("password",)


class BucketSecret(ManyKeysSecret):
    """An existing Secret with the log-in of a bucket."""

    reads = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class OAuthSecret(ManyKeysSecret):
    """An existing Secret with an OAuth app."""

    reads = ("client-id", "client-secret")


class SdkKeysSecret(ManyKeysSecret):
    """An existing Secret with the keys of an environment."""

    reads = ENVIRONMENT_KEYS


class EdgeSecret(NamedSecret):
    """An existing Secret with the keys of the edge's proxies, or with their whole file."""

    reads = ("ENVIRONMENT_KEY_PAIRS", "config.json")
    key: SecretDataKey | None = Field(default=None, description=OTHER_KEY)

    @property
    def renamed(self) -> Mapping[str, str]:
        """The one key, of the two that is read."""
        return {} if self.key is None else dict.fromkeys(self.reads, self.key)


class SecretKeyReference(SecretByName):
    """One key of an existing Secret of the stack's namespace."""

    key: SecretDataKey = Field(description="The key in the Secret.")


class VariableReference(SecretKeyReference):
    """One key of an existing Secret, as the value of an environment variable."""

    jobs: Boolean | None = Field(
        default=None,
        description="Whether the Jobs that migrate and set up the database get it too. Default: only variables "
        "for databases and Sentry, which they read. Variables for logging in go to the API only, all "
        "others to the API and the task processor.",
    )


class PasswordReference(SecretKeyReference):
    """The key of an existing Secret that holds a password."""

    key: SecretDataKey = Field(default="password", description="The key in the Secret.")


class CaReference(SecretKeyReference):
    """The key of an existing Secret that holds the certificates of a CA, in PEM."""

    key: SecretDataKey = Field(default="ca.crt", description="The key in the Secret.")
