"""Gives a flag the tag of a hold, and takes it away."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flagops.commands.flags.reconcile.apply.mark import managing_tags
from flagops.commands.flags.reconcile.holds import end_of, is_hold
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.errors import ConflictError
from flagops.flagsmith_api.client import FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import as_they_are, custom_fields
from flagops.flagsmith_api.ensure import ensure, first

COLOUR = "#DC2626"
LONGEST = 512
"""Characters of a tag's description."""
NOT_FOUND = 404
ATTEMPTS = 3


def lost(before: Snapshot, now: Snapshot, written: Collection[str], moment: datetime) -> dict[str, str]:
    """The flags, of those that were `written`, whose hold began meanwhile and lost its tag; and the tags.

    A tag of a hold that is on no flag says in its description whose it was, where `ff` made it.
    """
    used = {label for flag in now.flags.values() for label in flag.tags}
    new = [label for label in now.tags if is_hold(label) and label not in {*before.tags, *used}]
    return {
        name: label
        for label in new
        if (end := end_of(label)) is None or end > moment
        for name in written
        if now.tag_descriptions.get(label, "").startswith(f"{name} ")
    }


def hold_again(connection: Connection, feature: int, tag: int) -> None:
    """Give a flag a tag of a hold back."""
    _retag(connection, feature, adding={tag})


def hold(connection: Connection, feature: int, tag: str, reason: str) -> None:
    """Tag a flag; the reason is the tag's description, which the dashboard shows."""
    path, client = _tags(connection), connection.client
    shown = reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 1]}…"
    body = {"label": tag, "color": COLOUR, "description": shown}
    with managing_tags():
        row = ensure(lambda: first(client.pages(path), label=tag), lambda: client.post(path, body))
    _retag(connection, feature, adding={row["id"]})


def release(connection: Connection, feature: int, tags: Collection[str]) -> None:
    """Take tags from a flag; those that no other flag has are gone then."""
    client = connection.client
    numbers = {row["id"] for row in client.pages(_tags(connection)) if row["label"] in tags}
    _retag(connection, feature, removing=numbers)
    others = client.pages(f"/api/v1/projects/{connection.project}/features/")
    used = {number for row in others for number in row["tags"]}
    with managing_tags():
        for number in numbers - used:
            client.delete(f"{_tags(connection)}{number}/")


def _retag(connection: Connection, feature: int, adding: Collection[int] = (), removing: Collection[int] = ()) -> None:
    path = f"/api/v1/projects/{connection.project}/features/{feature}/"
    body: dict[str, Any] = {}

    def settled() -> bool | None:
        """Whether nothing is to be done; of a flag whose tags somebody changed meanwhile these stay."""
        try:
            row = connection.client.get(path)
        except FlagsmithError as error:
            if error.status == NOT_FOUND and not adding:
                return True  # it was deleted
            raise
        there = set(row["tags"])
        wanted = (there | set(adding)) - set(removing)
        body.update(tags=sorted(wanted), **as_they_are(custom_fields(row)))
        return True if wanted == there else None

    for _ in range(ATTEMPTS):
        ensure(settled, lambda: bool(connection.client.patch(path, body)))
        if settled():  # whoever writes tags writes all of them: another one's may have taken these away again
            return
    raise ConflictError("Somebody else goes on writing the tags of the flag.", hint="Run it again.")


def _tags(connection: Connection) -> str:
    return f"/api/v1/projects/{connection.project}/tags/"
