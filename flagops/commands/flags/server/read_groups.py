"""Reads the groups of people that a server has, what they may do in a project, and who may do something beside them."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from flagops.commands.flags.server.read_rights import (
    NEW,
    ORGANISATION_RIGHTS,
    SHOWN_TO_PEOPLE,
    RightsScope,
    read_rights,
)
from flagops.commands.flags.server.snapshot import People, RemoteGrant, RemoteGroup
from flagops.commands.flags.spec import Grant
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import NO_SUCH_PATH, Environment

Row = Mapping[str, Any]


def read_groups(connection: Connection, environments: Sequence[Environment], pool: Executor) -> People:
    """The groups, the organisation's people, and all rights; each list is one request, however long it is."""
    organisation = f"/api/v1/organisations/{connection.organisation}"
    project = RightsScope(None, f"/api/v1/projects/{connection.project}")
    places = [RightsScope(item.name, f"/api/v1/environments/{item.key}") for item in environments]
    kind, address = connection.actor
    is_person = kind == "user"
    permissions = ("user-group-permissions", "user-permissions")
    wide = (*ORGANISATION_RIGHTS, *(SHOWN_TO_PEOPLE if is_person else ()))
    paths = [
        f"{organisation}/groups/",
        f"{organisation}/users/",
        *(f"{place.path}/{what}/" for what in permissions for place in (project, *places)),
        *(f"{organisation}/{what}/" for what in wide),
    ]
    rows = dict(zip(paths, pool.map(lambda path: _listed(connection.client, path), paths), strict=True))
    in_project = _grants(rows[f"{project.path}/user-group-permissions/"])
    in_environments = {place.environment: _grants(rows[f"{place.path}/user-group-permissions/"]) for place in places}
    groups = {
        row["name"]: RemoteGroup(
            id=row["id"],
            name=row["name"],
            project=in_project.get(row["id"]),
            environments={str(name): of[row["id"]] for name, of in in_environments.items() if row["id"] in of},
            members={user["email"].lower(): user["id"] for user in row["users"]},
        )
        for row in rows[f"{organisation}/groups/"]
    }
    return People(
        groups=groups,
        users={row["email"].lower(): row["id"] for row in rows[f"{organisation}/users/"]},
        rights=tuple(read_rights(rows, organisation, (project, *places))),
        administrator=address.lower() if is_person else None,
        requests=len(paths),
    )


def _listed(client: FlagsmithClient, path: str) -> list[Row]:
    """All rows; none of what older releases of Flagsmith do not know."""
    try:
        return list(client.pages(path))
    except FlagsmithError as error:
        if error.status not in NO_SUCH_PATH or not path.endswith(f"/{NEW}/"):
            raise
        return []


def _grants(rows: Iterable[Row]) -> dict[int, RemoteGrant]:
    """Permissions by the group's id."""
    return {
        row["group"]["id"]: RemoteGrant(row["id"], Grant(frozenset(row["permissions"]), row["admin"])) for row in rows
    }
