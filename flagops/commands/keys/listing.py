"""The keys of a project's environments, as they are shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flagops.commands.keys import server
from flagops.commands.keys.adopt import client_key_of, is_of_stack
from flagops.commands.keys.model import PREFIX, ServerKey
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment
from flagops.kubernetes.masking import MASK
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance

CLIENT = "client"


@dataclass(frozen=True)
class KeyRow:
    """One key.

    Attributes:
        environment: The environment's name.
        kind: "client" or "server".
        name: The key's name; a client key has none.
        key: The key, or a mask.
        created: When it was made; unknown of a client key.
        expires: When its time is over.
        active: Whether it is meant to be used.
        note: What is to be said of it.
    """

    environment: str
    kind: str
    name: str
    key: str
    created: str | None = None
    expires: str | None = None
    active: bool = True
    note: str = ""


def rows(connection: Connection, *, show_secrets: bool) -> Iterator[KeyRow]:
    """All keys, by environment: the client key first, then the server-side ones, the oldest first."""
    now, instance = datetime.now(UTC), connection.instance
    for environment in connection.environments:
        note = _held(instance, environment)
        yield KeyRow(environment.name, CLIENT, "", environment.key if show_secrets else MASK, note=note)
        for key in server.keys_of(connection.client, environment):
            yield KeyRow(
                environment.name,
                "server",
                key.name,
                key.key if show_secrets else MASK,
                moment(key.created),
                moment(key.expires) if key.expires else None,
                key.is_active,
                _note(key, now, deletes=key.name.startswith(PREFIX) or is_of_stack(instance, key)),
            )


def moment(time: datetime) -> str:
    """A time for people and programs, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _held(instance: Instance | None, environment: Environment) -> str:
    """What is to be said of the stack's own Secret of an environment."""
    if instance is None or environment.name not in instance.settings.admin.environments:
        return ""
    name = instance.settings.sdk_secret(environment.name).name
    try:
        held = client_key_of(instance, environment.name)
    except DeniedError:
        return ""
    mends = f"`ff keys adopt --stack {instance.stack.name}`"
    if held is None:
        return f"in no Secret of the stack: {mends}"
    return f"in the Secret {name}" if held == environment.key else f"the Secret {name} has another: {mends}"


def _note(key: ServerKey, now: datetime, *, deletes: bool) -> str:
    if key.is_over(now):
        mends = "`ff keys sync` deletes it" if deletes else "delete it in the UI"
        return f"over, and still served: {mends}"
    return "" if key.is_active else "inactive, and still served: delete it in the UI"
