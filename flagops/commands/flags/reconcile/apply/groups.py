"""Makes groups of people and gives them their permissions."""

from collections.abc import Mapping
from typing import Any

from flagops.commands.flags.server.snapshot import RemoteGrant, RemoteGroup, Snapshot
from flagops.commands.flags.spec import Grant, ProjectSpec
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.ensure import change_once, ensure, first


class Groups:
    """Writes groups; each is written as a whole, since it is small."""

    def __init__(self, connection: Connection, wanted: ProjectSpec, found: Snapshot) -> None:
        self._client, self._wanted, self._found = connection.client, wanted, found
        self._groups = f"/api/v1/organisations/{connection.organisation}/groups/"
        self._project = f"/api/v1/projects/{connection.project}"

    def write(self, name: str) -> None:
        """Make the group what it should be."""
        wanted = self._wanted.groups[name]
        found = self._found.people.groups.get(name) or self._add(name)
        self._grant(self._project, found.id, wanted.project, found.project)
        for environment in {*wanted.environments, *found.environments}:
            path = f"/api/v1/environments/{self._found.environments[environment].key}"
            grant = wanted.environments.get(environment, Grant())
            self._grant(path, found.id, grant, found.environments.get(environment))
        if wanted.members is not None:
            there = set(found.members)
            self._members(found, "add-users", (wanted.members & self._found.people.users.keys()) - there)
            self._members(found, "remove-users", there - wanted.members)

    def _add(self, name: str) -> RemoteGroup:
        row = ensure(
            lambda: first(self._client.pages(self._groups), name=name),
            lambda: self._client.post(self._groups, {"name": name}),
        )
        return RemoteGroup(row["id"], name, None, {}, {})

    def _grant(self, where: str, group: int, wanted: Grant, found: RemoteGrant | None) -> None:
        path = f"{where}/user-group-permissions/"
        body = {"group": group, "permissions": sorted(wanted.permissions), "admin": wanted.admin}
        if found is not None:
            if found.grant != wanted:
                self._regrant(path, body, found)
            return

        def there() -> Any | None:
            return next((row for row in self._client.pages(path) if row["group"]["id"] == group), None)

        made = ensure(there, lambda: self._client.post(path, body))
        if Grant(frozenset(made["permissions"]), made["admin"]) != wanted:
            self._regrant(path, body, RemoteGrant(made["id"], Grant(frozenset(made["permissions"]), made["admin"])))

    def _regrant(self, path: str, body: Mapping[str, Any], found: RemoteGrant) -> None:
        def now() -> Grant | None:
            row = first(self._client.pages(path), id=found.id)
            return Grant(frozenset(row["permissions"]), row["admin"]) if row else None

        wanted = Grant(frozenset(body["permissions"]), body["admin"])
        change_once(
            lambda: self._client.put(f"{path}{found.id}/", body),
            now,
            is_done=lambda grant: grant == wanted,
            was=lambda grant: grant == found.grant,
            what=f"the rights of the group {body['group']} at {path}",
        )

    def _members(self, group: RemoteGroup, what: str, addresses: set[str] | frozenset[str]) -> None:
        if not addresses:
            return
        ids = {self._found.people.users[address] for address in addresses}
        path = f"{self._groups}{group.id}/{what}/"
        before = ids & set(group.members.values())

        def now() -> set[int]:
            """Which of them are members."""
            row = first(self._client.pages(self._groups), id=group.id)
            return ids & {user["id"] for user in row["users"]} if row else set()

        change_once(
            lambda: self._client.post(path, {"user_ids": sorted(ids)}),
            now,
            is_done=lambda members: members == ids - before,
            was=lambda members: members == before,
            what=f"the members of the group {group.name}",
        )
