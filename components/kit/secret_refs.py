"""References to keys of Secrets, and the digests by which a pod notices that one of them changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, EnvVarSourceArgs, SecretKeySelectorArgs

from components.settings.references import NamedSecret


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A Secret of the stack's namespace, made by the program or named in the settings.

    Attributes:
        name: the Secret's name.
        digest: the SHA-256 of what the program put in it; None for a Secret made by somebody else, whose contents the
            program never reads.
        renamed: what its keys are called, by the program's own names for them, where they differ.
    """

    name: str
    digest: pulumi.Output[str] | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def existing(cls, secret: NamedSecret) -> "SecretReference":
        """A Secret that the settings name."""
        return cls(name=secret.name, renamed=secret.renamed)

    @property
    def is_generated(self) -> bool:
        """Whether the program put in what it holds, and so knows its keys."""
        return self.digest is not None

    def key(self, own: str) -> str:
        """What the Secret calls the key that is `own` to the program."""
        return self.renamed.get(own, own)

    def env(self, variable: str, key: str, *, optional: bool = False) -> EnvVarArgs:
        """The environment variable that takes its value from `key`, which the Secret may lack if it is `optional`."""
        selector = SecretKeySelectorArgs(name=self.name, key=self.key(key), optional=True if optional else None)
        return EnvVarArgs(name=variable, value_from=EnvVarSourceArgs(secret_key_ref=selector))


def checksum_annotations(*secrets: SecretReference) -> dict[str, pulumi.Input[str]]:
    """The pod annotations that change with the Secrets a pod reads, and so restart it, and only it."""
    return {f"checksum/{secret.name}": secret.digest for secret in secrets if secret.digest is not None}
