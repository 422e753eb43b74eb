"""Makes groups of people and gives them their permissions."""

from typing import Any

from flagops.commands.flags.reconcile.apply.ensure import ensure, first
from flagops.commands.flags.server.snapshot import RemoteGrant, RemoteGroup, Snapshot
from flagops.commands.flags.spec import Grant, ProjectSpec
from flagops.flagsmith_api.connect import Connection


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
            self._members(found.id, "add-users", (wanted.members & self._found.people.users.keys()) - there)
            self._members(found.id, "remove-users", there - wanted.members)

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
                self._client.put(f"{path}{found.id}/", body)
            return

        def there() -> Any | None:
            return next((row for row in self._client.pages(path) if row["group"]["id"] == group), None)

        made = ensure(there, lambda: self._client.post(path, body))
        if Grant(frozenset(made["permissions"]), made["admin"]) != wanted:
            self._client.put(f"{path}{made['id']}/", body)

    def _members(self, group: int, what: str, addresses: set[str] | frozenset[str]) -> None:
        if addresses:
            ids = [self._found.people.users[address] for address in sorted(addresses)]
            path = f"{self._groups}{group}/{what}/"
            # Doing it twice does no harm.
            ensure(lambda: None, lambda: self._client.post(path, {"user_ids": ids}) or True)
