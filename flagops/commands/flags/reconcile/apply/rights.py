"""Takes rights away that no group of the catalogue gives."""

from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.rights import as_change
from flagops.commands.flags.server.read_rights import of_people
from flagops.commands.flags.server.snapshot import RemoteRight, Snapshot
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.ensure import ensure


def take(client: FlagsmithClient, found: Snapshot, change: Change) -> None:
    """Take one right away; what is gone already is fine."""
    for right in found.people.rights:
        if as_change(right) == change:
            _take(client, right)


def _take(client: FlagsmithClient, right: RemoteRight) -> None:
    if right.body is None:
        client.delete(right.path)
    else:
        ensure(
            lambda: None if _is_there(client, right) else True,
            lambda: client.post(right.path, right.body) or True,
            is_missing=True,
        )


def _is_there(client: FlagsmithClient, right: RemoteRight) -> bool:
    """Whether one of those that are taken by a request of their own is there still."""
    organisation = "/".join(right.path.split("/")[:5])
    is_of_group = right.path.startswith(f"{organisation}/groups/")
    rows = list(client.pages(f"{organisation}/{'groups' if is_of_group else 'users'}/"))
    users, groups = ([], rows) if is_of_group else (rows, [])
    return right in of_people(users, groups, organisation)
