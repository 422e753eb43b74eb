"""The holds of one flag, which keep every apply away from it."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from flagops.commands.flags.reconcile.apply.holding import hold as put
from flagops.commands.flags.reconcile.apply.holding import release as end
from flagops.commands.flags.reconcile.holds import PENDING, end_of, is_hold, is_of, tag_of
from flagops.errors import NotFoundError
from flagops.flagsmith_api.connect import Connection


def feature(connection: Connection, name: str) -> dict[str, Any]:
    """The flag as the API lists it. Raises NotFoundError with the names that are near."""
    found = list(connection.client.pages(f"/api/v1/projects/{connection.project}/features/", {"search": name}))
    for row in found:
        if row["name"] == name:
            return dict(row)
    near = ", ".join(str(row["name"]) for row in found[:5])
    raise NotFoundError(
        f"There is no flag {name!r} in {connection.name}.", hint=f"Do you mean one of: {near}?" if near else None
    )


def hold(connection: Connection, row: Mapping[str, Any], length: timedelta, reason: str) -> tuple[str, list[str]]:
    """Hold the flag, in place of the holds that it has and that end before; the tag of it, and those that end later."""
    labels = [item["label"] for item in _tags(connection)]
    before = holds_of(connection, row["name"])
    tag = tag_of(connection.client.now() + length, labels)
    put(connection, row["id"], tag, reason)
    mine = end_of(tag)

    def is_longer(label: str) -> bool:
        other = end_of(label)
        return other is None or (mine is not None and other > mine)

    if shorter := sorted(label for label in before if not is_longer(label)):
        end(connection, row["id"], shorter)
    return tag, [label for label in holds_of(connection, row["name"]) if label != tag and is_longer(label)]


def hold_on(connection: Connection, row: Mapping[str, Any], tag: str, reason: str) -> None:
    """Hold the flag by this tag still, whoever took it away."""
    put(connection, row["id"], tag, reason)


def release(connection: Connection, row: Mapping[str, Any]) -> list[str]:
    """End all holds of the flag, and those that say so and whose tag is not on it; their tags.

    One that is just being put on the flag begins only now, and stays.
    """
    own = holds_of(connection, row["name"])
    there = [item for item in _tags(connection) if not (item["description"] or "").startswith(PENDING)]
    said = [item["label"] for item in there if is_of(item["label"], item["description"], row["name"])]
    tags = list(dict.fromkeys((*own, *said)))
    if tags:
        end(connection, row["id"], tags)
    return tags


def release_on(connection: Connection, row: Mapping[str, Any], tags: Collection[str]) -> None:
    """End these holds of the flag still, whoever gave it their tags back."""
    if again := [tag for tag in holds_of(connection, row["name"]) if tag in tags]:
        end(connection, row["id"], again)


def holds_of(connection: Connection, name: str) -> list[str]:
    """The tags of the flag's holds, as they are now."""
    given = feature(connection, name)["tags"]
    return [item["label"] for item in _tags(connection) if item["id"] in given and is_hold(item["label"])]


def _tags(connection: Connection) -> list[Any]:
    return list(connection.client.pages(f"/api/v1/projects/{connection.project}/tags/"))
