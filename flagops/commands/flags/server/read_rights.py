"""Reads the rights that are not a group's in the project: those of one person, of the organisation, of keys.

Flagsmith keeps them apart from groups, so that they outlive a group and its members: whoever administers the project
can give them to himself or to another (seen on 2.265.0).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.server.snapshot import Holder, RemoteRight
from flagops.commands.flags.spec import Grant

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]

ORGANISATION_RIGHTS = ("user-permissions", "user-group-permissions", "invites", "invite-links")
NEW = "trust-relationships"
SHOWN_TO_PEOPLE = ("master-api-keys", NEW)
"""What Flagsmith keeps from API keys themselves."""
PROJECT, PERMISSIONS, ORGANISATION = ("project",), ("permissions",), ("organisation",)
ROLE = ("organisation", "role")
ADMIN, USER = "ADMIN", "USER"
EVERYTHING = "everything"


@dataclass(frozen=True)
class RightsScope:
    """The project, or one of its environments by name, and its path in the API."""

    environment: str | None
    path: str

    @property
    def field(self) -> tuple[str, ...]:
        """What a change of permissions here is called."""
        return PROJECT if self.environment is None else PERMISSIONS


def read_rights(rows: Rows, organisation: str, places: Sequence[RightsScope]) -> Iterator[RemoteRight]:
    """All of them, out of the lists by their paths."""
    addresses = {row["id"]: row["email"] for row in rows[f"{organisation}/users/"]}
    yield from of_people(rows[f"{organisation}/users/"], rows[f"{organisation}/groups/"], organisation)
    for where, environment, field in (
        *((place.path, place.environment, place.field) for place in places),
        (organisation, None, ORGANISATION),
    ):
        for what, holder in (("user-permissions", Holder.PERSON), ("user-group-permissions", Holder.GROUP)):
            path = f"{where}/{what}/"
            yield from (_permissions(row, holder, environment, field, path) for row in _given(rows[path]))
    yield from _of_keys(rows, organisation, addresses)
    yield from _of_strangers(rows, organisation)


def _given(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows that give something: the UI leaves empty ones behind."""
    return (row for row in rows if row["permissions"] or row.get("admin"))


def _permissions(row: Row, holder: Holder, environment: str | None, field: tuple[str, ...], path: str) -> RemoteRight:
    name = row["user"]["email"].lower() if holder is Holder.PERSON else row["group"]["name"]
    said = str(Grant(frozenset(row["permissions"]), bool(row.get("admin"))))
    return RemoteRight(holder, name, environment, field, said, f"{path}{row['id']}/")


def of_people(users: Sequence[Row], groups: Sequence[Row], organisation: str) -> Iterator[RemoteRight]:
    """Who administers the organisation, or a group's membership."""
    for row in users:
        if row["role"] == ADMIN:
            path = f"{organisation}/users/{row['id']}/update-role/"
            yield RemoteRight(Holder.PERSON, row["email"].lower(), None, ROLE, ADMIN, path, {"role": USER})
    for group in groups:
        for row in group["users"]:
            if row["group_admin"]:
                path = f"{organisation}/groups/{group['id']}/users/{row['id']}/remove-admin"
                field = ("group", group["name"])
                yield RemoteRight(Holder.PERSON, row["email"].lower(), None, field, ADMIN, path, {})


def _of_keys(rows: Rows, organisation: str, addresses: Mapping[int, str]) -> Iterator[RemoteRight]:
    """Whatever asks with a key of the organisation's, or with a token of a provider that it trusts."""

    def key(row: Row, what: str, holder: Holder, prefix: str, number: object) -> RemoteRight:
        maker = addresses.get(row["created_by"] or 0)
        said = EVERYTHING + (f", made by {maker}" if maker else "")
        return RemoteRight(
            holder, prefix, None, ORGANISATION, said, f"{organisation}/{what}/{number}/", label=row["name"]
        )

    keys = SHOWN_TO_PEOPLE[0]
    for row in rows.get(f"{organisation}/{keys}/", ()):
        if not row["has_expired"]:
            yield key(row, keys, Holder.API_KEY, row["prefix"], row["prefix"])
    for row in rows.get(f"{organisation}/{NEW}/", ()):
        yield key(row, NEW, Holder.TRUST, row["master_api_key_prefix"], row["id"])


def _of_strangers(rows: Rows, organisation: str) -> Iterator[RemoteRight]:
    """What lets people in with rights: Flagsmith does not show the role that an invitation by e-mail gives."""
    for row in rows[f"{organisation}/invites/"]:
        path = f"{organisation}/invites/{row['id']}/"
        yield RemoteRight(Holder.INVITATION, row["email"].lower(), None, ORGANISATION, "a role not shown", path)
    for row in rows[f"{organisation}/invite-links/"]:
        if row["role"] == ADMIN:
            path = f"{organisation}/invite-links/{row['id']}/"
            yield RemoteRight(Holder.LINK, str(row["id"]), None, ROLE, ADMIN, path)
