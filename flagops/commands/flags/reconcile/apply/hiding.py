"""Changes whether flags that are off are left out of answers."""

from collections.abc import Iterable
from dataclasses import replace

from flagops.commands.flags.reconcile.change import Change, ObjectKind
from flagops.commands.flags.reconcile.hiding import HIDE, in_words
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import as_they_are, custom_fields
from flagops.flagsmith_api.ensure import change_once


def of_hiding(changes: Iterable[Change]) -> list[Change]:
    """The steps of this kind."""
    return [change for change in changes if change.field == HIDE]


def hide(connection: Connection, found: Snapshot, change: Change) -> Connection:
    """Do one of these steps; the connection with what the server says of the project then."""
    body = {"hide_disabled_flags": change.after}
    client, is_project = connection.client, change.kind is ObjectKind.PROJECT
    path = f"/api/v1/projects/{connection.project}/"
    if not is_project:
        path = f"/api/v1/environments/{found.environments[change.name].key}/"
    change_once(
        lambda: client.patch(path, {**body, **({} if is_project else as_they_are(custom_fields(client.get(path))))}),
        lambda: in_words(client.get(path)["hide_disabled_flags"]),
        is_done=lambda now: now == change.after,
        was=lambda now: now == change.before,
        what=f"whether {change.name} hides flags that are off",
    )
    return replace(connection, rules={**connection.rules, **body}) if is_project else connection
