"""Reads the groups of people that a server has, and what they may do in a project."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from ops.flags.server.snapshot import RemoteGrant, RemoteGroup
from ops.flags.spec import Grant
from ops.flagsmith.connect import Connection
from ops.flagsmith.deployed import Environment

Row = Mapping[str, Any]


def read_groups(
    connection: Connection, environments: Sequence[Environment], pool: Executor
) -> tuple[dict[str, RemoteGroup], dict[str, int]]:
    """The groups by name, and the ids of the organisation's people by address."""
    organisation = f"/api/v1/organisations/{connection.organisation}"
    paths = [
        f"{organisation}/groups/",
        f"{organisation}/users/",
        f"/api/v1/projects/{connection.project}/user-group-permissions/",
        *(f"/api/v1/environments/{item.key}/user-group-permissions/" for item in environments),
    ]
    groups, users, project, *others = pool.map(lambda path: list(connection.client.pages(path)), paths)
    in_project = _grants(project)
    in_environments = {item.name: _grants(rows) for item, rows in zip(environments, others, strict=True)}
    found = {
        row["name"]: RemoteGroup(
            id=row["id"],
            name=row["name"],
            project=in_project.get(row["id"]),
            environments={name: of[row["id"]] for name, of in in_environments.items() if row["id"] in of},
            members={user["email"].lower(): user["id"] for user in row["users"]},
        )
        for row in groups
    }
    return found, {row["email"].lower(): row["id"] for row in users}


def _grants(rows: Iterable[Row]) -> dict[int, RemoteGrant]:
    """Permissions by the group's id."""
    return {
        row["group"]["id"]: RemoteGrant(row["id"], Grant(frozenset(row["permissions"]), row["admin"])) for row in rows
    }
