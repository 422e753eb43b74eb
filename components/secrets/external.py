"""Secrets from a store: objects from which the External Secrets Operator makes and renews Secrets of the namespace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.capabilities import Capabilities
from components.kit.component import Component, name_of
from components.settings.sections.secret_store import Remote, SecretStoreSettings

API_VERSION: Final = "external-secrets.io/v1"
KIND: Final = "ExternalSecret"
# The operator reads the store at once, and again after a failure with growing pauses.
TIMEOUT_SECONDS: Final = 180


@dataclass(frozen=True, kw_only=True)
class ExternalSecretsArgs:
    """Which Secrets come from where.

    Attributes:
        namespace: where they live.
        store: which store, and how often it is read.
        secrets: for each Secret, by its name, where the store has the values of its keys.
    """

    namespace: pulumi.Input[str]
    store: SecretStoreSettings
    secrets: Mapping[str, Mapping[str, Remote]]


def require(capabilities: Capabilities) -> None:
    """Raise pulumi.RunError where the operator is missing: what takes its place would be another secret."""
    if not capabilities.serves(API_VERSION, KIND):
        raise pulumi.RunError(
            f"feature-flags:secretStore: the cluster does not serve {KIND} ({API_VERSION}), so that no Secret can come "
            "from a store, and nothing else takes the place of a stored secret. Install the External Secrets Operator, "
            f"0.16 or newer (https://external-secrets.io); where --api-versions is given, add {API_VERSION}."
        )


def external_secret_spec(args: ExternalSecretsArgs, name: str, values: Mapping[str, Remote]) -> dict[str, Any]:
    """The spec of the object that makes the Secret `name`."""
    return {
        "refreshInterval": args.store.refresh_interval,
        "secretStoreRef": {"kind": args.store.kind, "name": args.store.name},
        # An entry that vanishes from the store must not take the database's password with it.
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": key, "remoteRef": _reference(remote)} for key, remote in values.items()],
    }


def _reference(remote: Remote) -> dict[str, str]:
    return {"key": remote.key, **({} if remote.property_name is None else {"property": remote.property_name})}


class ExternalSecrets(Component):
    """An `ExternalSecret` for each Secret, ready when the operator has made that Secret.

    Attributes:
        secrets: the names of the Secrets.
    """

    secrets: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ExternalSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:ExternalSecrets", name, opts)
        annotations = {
            # Custom resources are not awaited by themselves.
            "pulumi.com/waitFor": "condition=Ready",
            "pulumi.com/timeoutSeconds": str(TIMEOUT_SECONDS),
        }
        self.secrets = []
        for secret, values in args.secrets.items():
            made = CustomResource(
                f"{name}-{secret}",
                api_version=API_VERSION,
                kind=KIND,
                metadata=ObjectMetaArgs(
                    name=secret,
                    namespace=args.namespace,
                    labels=names.labels("application"),
                    annotations=annotations,
                ),
                spec=external_secret_spec(args, secret, values),
                opts=self.child(),
            )
            self.secrets.append(name_of(made))
        self.register_outputs({"secrets": self.secrets})
