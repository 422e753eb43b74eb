"""The holds of one flag, which keep every apply away from it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flagops.commands.flags.reconcile.apply.holding import hold as put
from flagops.commands.flags.reconcile.apply.holding import release as end
from flagops.commands.flags.reconcile.holds import end_of, is_hold, tag_of
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
    """Hold the flag, in place of the holds that it has and that end before; the tag of it, and those that stay."""
    labels = [item["label"] for item in _tags(connection)]
    before = _holds_of(connection, feature(connection, row["name"]))
    tag = tag_of(connection.client.now() + length, labels)
    put(connection, row["id"], tag, reason)
    ends = {label: end_of(label) for label in (tag, *before)}
    mine = ends.pop(tag)
    staying = [label for label, other in ends.items() if other is None or (mine is not None and other > mine)]
    if ends.keys() - set(staying):
        end(connection, row["id"], sorted(ends.keys() - set(staying)))
    return tag, staying


def hold_on(connection: Connection, row: Mapping[str, Any], tag: str, reason: str) -> None:
    """Hold the flag by this tag still, whoever took it away."""
    put(connection, row["id"], tag, reason)


def release(connection: Connection, row: Mapping[str, Any]) -> list[str]:
    """End all holds of the flag; their tags."""
    tags = _holds_of(connection, row)
    if tags:
        end(connection, row["id"], tags)
    return tags


def _holds_of(connection: Connection, row: Mapping[str, Any]) -> list[str]:
    return [item["label"] for item in _tags(connection) if item["id"] in row["tags"] and is_hold(item["label"])]


def _tags(connection: Connection) -> list[Any]:
    return list(connection.client.pages(f"/api/v1/projects/{connection.project}/tags/"))
