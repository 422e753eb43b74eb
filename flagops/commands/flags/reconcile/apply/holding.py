"""Gives a flag the tag of a hold, and takes it away."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from flagops.commands.flags.reconcile.apply.mark import managing_tags
from flagops.commands.flags.reconcile.holds import PENDING, is_lost, is_unsaid
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
    """The flags, of those that were `written`, whose hold began meanwhile and lost its tag; and the tags."""
    used = {label for flag in now.flags.values() for label in flag.tags}
    there = {label: before.tag_descriptions.get(label, "") for label in before.tags}
    return {
        name: label
        for label in now.tags
        if label not in used
        for name in written
        if is_lost(label, now.tag_descriptions.get(label, ""), name, there, moment)
    }


def unsaid(before: Snapshot, now: Snapshot, moment: datetime) -> list[str]:
    """The tags of holds that somebody made by hand meanwhile, on no flag: nothing says for which one they are."""
    used = {label for flag in now.flags.values() for label in flag.tags}
    loose = [label for label in now.tags if label not in used]
    said = now.tag_descriptions
    return [label for label in loose if is_unsaid(label, said.get(label, ""), now.flags, before.tags, moment)]


def hold_again(connection: Connection, feature: int, tag: int) -> bool:
    """Give a flag a tag of a hold back; False where the hold was ended meanwhile: there is no such tag any more."""
    if all(row["id"] != tag for row in connection.client.pages(_tags(connection))):
        return False
    _retag(connection, feature, adding={tag})
    return True


def hold(connection: Connection, feature: int, tag: str, reason: str) -> None:
    """Tag a flag; the reason is the tag's description, which the dashboard shows."""
    path, client = _tags(connection), connection.client
    shown = _cut(reason)
    body = {"label": tag, "color": COLOUR, "description": _cut(PENDING + reason)}
    with managing_tags():
        row = ensure(lambda: first(client.pages(path), label=tag), lambda: client.post(path, body))
    _retag(connection, feature, adding={row["id"]})
    if row["description"] != shown:
        with managing_tags():
            client.patch(f"{path}{row['id']}/", {"description": shown})


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


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _retag(connection: Connection, feature: int, adding: Collection[int] = (), removing: Collection[int] = ()) -> None:
    """Write a flag's tags with these more or fewer, and look: whoever writes tags writes all of them.

    So another one's writing may have taken these away again, and this one the tag of a hold that began meanwhile: that
    is given back.
    """
    before = {row["label"]: row["description"] or "" for row in connection.client.pages(_tags(connection))}
    more, seen = set(adding), dict[str, Any]()
    path = f"/api/v1/projects/{connection.project}/features/{feature}/"
    body: dict[str, Any] = {}

    def settled() -> bool | None:
        """Whether nothing is to be done; of a flag whose tags somebody changed meanwhile these stay."""
        try:
            row = connection.client.get(path)
        except FlagsmithError as error:
            if error.status == NOT_FOUND and not adding:
                seen.clear()
                return True  # it was deleted
            raise
        seen.update(row)
        there = set(row["tags"])
        wanted = (there | more) - set(removing)
        body.update(tags=sorted(wanted), **as_they_are(custom_fields(row)))
        return True if wanted == there else None

    for _ in range(ATTEMPTS):
        ensure(settled, lambda: bool(connection.client.patch(path, body)))
        if settled():
            lacking = _lacking(connection, seen, before) - more - set(removing)
            if not lacking:
                return
            more |= lacking
    raise ConflictError("Somebody else goes on writing the tags of the flag.", hint="Run it again.")


def _lacking(connection: Connection, flag: Mapping[str, Any], before: Mapping[str, str]) -> set[int]:
    """The tags of holds of this flag that began since `before`, and are not on it.

    One that was made by hand, and says of no flag, is taken to be for this one, where no other has it.
    """
    if not flag:
        return set()
    now = connection.client.now()
    said = {
        row["id"]: (row["label"], row["description"] or "")
        for row in connection.client.pages(_tags(connection))
        if row["id"] not in flag["tags"]
    }
    lacking = {number for number, of in said.items() if is_lost(*of, flag["name"], before, now)}
    loose = {number for number, of in said.items() if is_unsaid(*of, (), before, now)} - lacking
    if loose:
        rows = list(connection.client.pages(f"/api/v1/projects/{connection.project}/features/"))
        names = [row["name"] for row in rows]
        loose -= {number for row in rows for number in row["tags"]}
        lacking |= {number for number in loose if is_unsaid(*said[number], names, before, now)}
    return lacking


def _tags(connection: Connection) -> str:
    return f"/api/v1/projects/{connection.project}/tags/"
