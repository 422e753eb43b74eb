"""References to keys of Secrets, and the digests by which a pod notices that one of them changed."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, EnvVarSourceArgs, SecretKeySelectorArgs


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A Secret of the stack's namespace, made by the program or named in the settings.

    Attributes:
        name: the Secret's name.
        digest: the SHA-256 of what the program put in it; None for a Secret made by somebody else, whose contents the
            program never reads.
    """

    name: str
    digest: pulumi.Output[str] | None = None

    @property
    def is_generated(self) -> bool:
        """Whether the program put in what it holds, and so knows its keys."""
        return self.digest is not None

    def env(self, variable: str, key: str, *, optional: bool = False) -> EnvVarArgs:
        """The environment variable that takes its value from `key`, which the Secret may lack if it is `optional`."""
        selector = SecretKeySelectorArgs(name=self.name, key=key, optional=True if optional else None)
        return EnvVarArgs(name=variable, value_from=EnvVarSourceArgs(secret_key_ref=selector))


def checksum_annotations(*secrets: SecretReference) -> dict[str, pulumi.Input[str]]:
    """The pod annotations that change with the Secrets a pod reads, and so restart it, and only it."""
    return {f"checksum/{secret.name}": secret.digest for secret in secrets if secret.digest is not None}
