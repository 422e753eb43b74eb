"""The stack's own Secrets with keys: which client key each holds, and the keys of environments that it took over."""

import json

from components.secrets.key_names import CLIENT, prefix
from flagops.commands.keys.model import ServerKey
from flagops.commands.keys.sync import instance_of
from flagops.errors import NotFoundError
from flagops.flagsmith_api.connect import Connection
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

SETTING = "sdkKeys.clientKeys"


def client_key_of(instance: Instance, environment: str) -> str | None:
    """The client key in the stack's Secret of an environment; None where there is no such Secret."""
    name = instance.settings.sdk_secret(environment)
    return instance.secret(name).get(CLIENT) if instance.get("v1", "Secret", name) else None


def is_of_stack(instance: Instance | None, key: ServerKey) -> bool:
    """Whether a server-side key is one that the stack's bootstrap wrote."""
    return instance is not None and key.name.startswith(prefix(instance.stack.name))


def adopt(connection: Connection) -> tuple[str, ...]:
    """Write into the stack's file the client keys of environments whose Secrets are not made or have another one.

    The names of those environments; no key changes, in Flagsmith or in a Secret. Raises OpsError when Flagsmith has
    none of the environments that the settings name, or the file cannot be changed.
    """
    instance = instance_of(connection)
    settings = instance.settings
    live = {item.name: item.key for item in connection.environments if item.name in settings.admin.environments}
    if not live:
        raise NotFoundError(
            f"Flagsmith has none of the environments of feature-flags:admin: {', '.join(settings.admin.environments)}. "
            f"It has: {', '.join(item.name for item in connection.environments) or 'none'}.",
            hint=f"Name them in admin.environments of {instance.stack.path.name}, then run it again.",
        )
    known = settings.sdk_keys.client_keys
    found = {
        name: key
        for name, key in live.items()
        if settings.sdk_secret_name(name) is None and known.get(name) != key and client_key_of(instance, name) != key
    }
    if found:
        set_settings(instance.stack, {SETTING: json.dumps({**known, **found})})
    return tuple(found)
