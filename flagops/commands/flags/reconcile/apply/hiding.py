"""Changes whether flags that are off are left out of answers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flagops.commands.flags.reconcile.change import Change, ObjectKind
from flagops.commands.flags.reconcile.hiding import HIDE
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.flagsmith_api.connect import Connection


def of_hiding(changes: Iterable[Change]) -> list[Change]:
    """The steps of this kind."""
    return [change for change in changes if change.field == HIDE]


def hide(connection: Connection, found: Snapshot, change: Change) -> Connection:
    """Do one of these steps; the connection with what the server says of the project then."""
    body = {"hide_disabled_flags": change.after}
    if change.kind is ObjectKind.PROJECT:
        row: Mapping[str, object] = connection.client.patch(f"/api/v1/projects/{connection.project}/", body)
        return replace(connection, rules=row)
    connection.client.patch(f"/api/v1/environments/{found.environments[change.name].key}/", body)
    return connection
