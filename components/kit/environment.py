"""The variables of a container: plain values, and keys of Secrets that somebody else made."""

from collections.abc import Mapping

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.kit.secret_refs import SecretReference
from components.settings import Settings
from components.settings.references import SecretKeyReference


def plain(values: Mapping[str, str | int | bool]) -> list[EnvVarArgs]:
    """Variables with these values, by name."""
    return [EnvVarArgs(name=name, value=str(value)) for name, value in values.items()]


def listening(settings: Settings) -> list[EnvVarArgs]:
    """What tells the platform's own programs which family of addresses to listen on; nothing for IPv4."""
    return plain({} if settings.ip_family == "IPv4" else {"LISTEN_FAMILY": settings.ip_family})


def from_secret(variable: str, reference: SecretKeyReference) -> EnvVarArgs:
    """The variable that takes its value from a key that the settings name."""
    return SecretReference(name=reference.name).env(variable, reference.key)
