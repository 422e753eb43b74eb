"""The stack's own Secrets with keys: which client key each holds, and the keys of environments that it took over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

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
    held = instance.settings.sdk_secret(environment)
    return instance.secret(held.name).get(held.key_of(CLIENT)) if instance.get("v1", "Secret", held.name) else None


def is_of_stack(instance: Instance | None, key: ServerKey) -> bool:
    """Whether a server-side key is one that the stack's bootstrap wrote."""
    return instance is not None and key.name.startswith(prefix(instance.stack.name))


@dataclass(frozen=True)
class Adoption:
    """What became of the environments of `admin.environments`, by name, each in one place.

    Attributes:
        adopted: Their client keys are in the stack's file by this run.
        waiting: They are there already, and the next deployment writes them into the Secrets.
        elsewhere: Somebody else makes their Secret, which lacks the client key or has another one; the Secret by name.
        missing: Flagsmith has no environment of the name.
        right: Their Secrets have the client key.
    """

    adopted: tuple[str, ...]
    waiting: tuple[str, ...]
    elsewhere: Mapping[str, str]
    missing: tuple[str, ...]
    right: tuple[str, ...]


def adopt(connection: Connection) -> Adoption:
    """Write into the stack's file the client keys of environments whose Secrets are not made or have another one.

    No key changes, in Flagsmith or in a Secret. Raises OpsError when Flagsmith has none of the environments that the
    settings name, or the file cannot be changed.
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
    lacking = [name for name, key in live.items() if client_key_of(instance, name) != key]
    theirs = {name: secret.name for name in lacking if (secret := settings.foreign_sdk_secret(name)) is not None}
    ours = [name for name in lacking if name not in theirs]
    # A key in the file overrules the Secret: a wrong one would replace what is right there.
    found = {name: key for name, key in live.items() if name not in theirs and known.get(name, key) != key}
    found |= {name: live[name] for name in ours if name not in known}
    if found:
        set_settings(instance.stack, {SETTING: json.dumps({**known, **found})})
    return Adoption(
        adopted=tuple(found),
        waiting=tuple(name for name in ours if name not in found),
        elsewhere=theirs,
        missing=tuple(name for name in settings.admin.environments if name not in live),
        right=tuple(name for name in live if name not in lacking and name not in found),
    )
