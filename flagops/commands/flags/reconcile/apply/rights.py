"""Takes rights away that no group of the catalogue gives."""

from flagops.commands.flags.reconcile.apply.ensure import ensure
from flagops.commands.flags.reconcile.change import Change
from flagops.commands.flags.reconcile.rights import as_change
from flagops.commands.flags.server.snapshot import RemoteRight, Snapshot
from flagops.flagsmith_api.client import FlagsmithClient


def take(client: FlagsmithClient, found: Snapshot, change: Change) -> None:
    """Take one right away; what is gone already is fine."""
    for right in found.people.rights:
        if as_change(right) == change:
            _take(client, right)


def _take(client: FlagsmithClient, right: RemoteRight) -> None:
    if right.body is None:
        client.delete(right.path)
    else:
        # Doing it twice does no harm.
        ensure(lambda: None, lambda: client.post(right.path, right.body) or True)
