"""The keys of a project's environments, as they are shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from flagops.commands.keys import server
from flagops.commands.keys.model import PREFIX, ServerKey
from flagops.flagsmith_api.connect import Connection
from flagops.kubernetes.masking import MASK

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
    now = datetime.now(UTC)
    for environment in connection.environments:
        yield KeyRow(environment.name, CLIENT, "", environment.key if show_secrets else MASK)
        for key in server.keys_of(connection.client, environment):
            yield KeyRow(
                environment.name,
                "server",
                key.name,
                key.key if show_secrets else MASK,
                moment(key.created),
                moment(key.expires) if key.expires else None,
                key.is_active,
                _note(key, now),
            )


def moment(time: datetime) -> str:
    """A time for people and programs, to the second."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _note(key: ServerKey, now: datetime) -> str:
    if key.is_over(now):
        mends = "`ff keys sync` deletes it" if key.name.startswith(PREFIX) else "delete it in the UI"
        return f"over, and still served: {mends}"
    return "" if key.is_active else "inactive, and still served: delete it in the UI"
