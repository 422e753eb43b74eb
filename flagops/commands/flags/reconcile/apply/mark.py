"""Marks an apply as the last one, in Flagsmith itself, before it writes anything."""

from typing import Any

from flagops.commands.flags.history.last_run import last_run, number_in, with_number
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import TAG
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.ensure import ensure, first

COLOUR = "#6837FC"


def mark(connection: Connection, found: Snapshot, number: str) -> dict[str, int]:
    """Make this the last apply; the tags by label, with `ff`'s own.

    Raises ConflictError where another apply began since the server was read.
    """
    client, path = connection.client, f"/api/v1/projects/{connection.project}/tags/"
    there: dict[str, Any] = {}

    def is_marked() -> int | None:
        there.update(first(client.pages(path), label=TAG) or {})
        now = number_in(there.get("description") or "")
        if now not in (last_run(found), number):
            raise ConflictError(
                "Another apply began since this one read Flagsmith.", hint="Run it again when the other one has ended."
            )
        return int(there["id"]) if now == number else None

    def write() -> int:
        description = with_number(there.get("description") or "", number)
        if there:
            row = client.patch(f"{path}{there['id']}/", {"description": description})
        else:
            row = client.post(path, {"label": TAG, "color": COLOUR, "description": description})
        return int(row["id"])

    return {**found.tags, TAG: ensure(is_marked, write)}
