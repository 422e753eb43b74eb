"""Marks an apply as the last one, in Flagsmith itself, before it writes anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flagops.commands.flags.history.last_run import last_run, number_in, with_number
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import TAG
from flagops.errors import ConflictError, RefusedError
from flagops.flagsmith_api.client import FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.ensure import ensure, first

COLOUR = "#6837FC"
FORBIDDEN = 403


@contextmanager
def managing_tags() -> Iterator[None]:
    """What makes, changes or deletes tags. Names the right that this takes where it is refused."""
    try:
        yield
    except FlagsmithError as error:
        if error.status != FORBIDDEN:
            raise
        raise RefusedError(
            "Tags may not be written: this takes the permission MANAGE_TAGS in the project. By tags `ff` tells what is "
            f"declared, which apply was the last, and what is held. {error.message}",
            hint="An administrator gives it to this user, key or trust relationship: “Manage tags”.",
        ) from None


def mark(connection: Connection, found: Snapshot, number: str, *, writes_tags: bool) -> dict[str, int]:
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
        description = with_number(there.get("description") or "", number, writes_tags=writes_tags)
        if there:
            row = client.patch(f"{path}{there['id']}/", {"description": description})
        else:
            row = client.post(path, {"label": TAG, "color": COLOUR, "description": description})
        return int(row["id"])

    with managing_tags():
        return {**found.tags, TAG: ensure(is_marked, write)}


def end_mark(connection: Connection, number: str) -> None:
    """Note that this apply writes no tags any more, unless another one began since."""
    client, path = connection.client, f"/api/v1/projects/{connection.project}/tags/"
    there: dict[str, Any] = {}

    def is_ended() -> bool | None:
        there.update(first(client.pages(path), label=TAG) or {})
        said = there.get("description") or ""
        return True if number_in(said) != number or with_number(said, number) == said else None

    def write() -> bool:
        client.patch(f"{path}{there['id']}/", {"description": with_number(there["description"], number)})
        return True

    with managing_tags():
        ensure(is_ended, write)
