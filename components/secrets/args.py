"""From the settings to the Secrets of a store."""

import pulumi

from components.kit.capabilities import Capabilities
from components.secrets.external import ExternalSecretsArgs, require
from components.settings import Settings
from components.settings.sections.secret_store import KEYS


def external_secrets_args(
    settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities
) -> ExternalSecretsArgs | None:
    """The Secrets that come from a store; None without one. Raises pulumi.RunError where the operator is missing."""
    store = settings.secret_store
    if store is None:
        return None
    require(capabilities)
    return ExternalSecretsArgs(
        namespace=namespace,
        store=store,
        secrets=store.remotes({purpose: settings.secret_keys(purpose) for purpose in KEYS}),
    )
