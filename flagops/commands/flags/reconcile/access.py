"""Who may do what: the roles of a catalogue in Flagsmith's own permissions, and what is different on a server."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from flagops.commands.flags.catalogue.model import Access, Catalogue, Role
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.spec import AccessSpec, Grant, GroupSpec

if TYPE_CHECKING:
    from flagops.commands.flags.server.snapshot import RemoteGrant, RemoteGroup

VIEW_PROJECT = frozenset(["VIEW_PROJECT"])
# Seen on a Flagsmith 2.265.0: with these a developer toggles, sets values and targets segments, and neither makes nor
# deletes nor edits a flag's definition; there is no EDIT_FEATURE, and roles are of the Enterprise edition.
IN_ENVIRONMENT = {
    Role.DEVELOPER: frozenset(["VIEW_ENVIRONMENT", "UPDATE_FEATURE_STATE", "MANAGE_SEGMENT_OVERRIDES"]),
    Role.VIEWER: frozenset(["VIEW_ENVIRONMENT"]),
}


def groups_of(catalogue: Catalogue) -> dict[str, GroupSpec]:
    """The groups that a catalogue wants. An admin of the project is one of all its environments."""
    groups = {}
    for name, group in catalogue.access.groups.items():
        is_admin = group.role is Role.ADMIN
        grants = {
            environment: Grant(IN_ENVIRONMENT[group.environments.get(environment, group.role)])
            for environment in ([] if is_admin else catalogue.environments)
        }
        project = Grant(frozenset(), admin=True) if is_admin else Grant(VIEW_PROJECT)
        members = None if group.members is None else frozenset(address.lower() for address in group.members)
        groups[name] = GroupSpec(name, project, grants, members)
    return groups


def access_of(catalogue: Catalogue) -> AccessSpec | None:
    """Who may have rights beside the groups; None where the catalogue says nothing of people."""
    access = catalogue.access
    if access == Access():
        return None
    administrators = frozenset(address.lower() for address in access.administrators)
    return AccessSpec(access.strict, administrators, frozenset(access.api_keys))


def compare_group(wanted: GroupSpec, found: "RemoteGroup | None", users: Mapping[str, int]) -> Iterator[Change]:
    """What has to be done to a group; members without an account have to wait for it."""
    if found is None:
        yield Change(Action.CREATE, ObjectKind.GROUP, wanted.name, after=str(wanted.project))
        for environment, grant in wanted.environments.items():
            yield Change(Action.CREATE, ObjectKind.GROUP, wanted.name, environment, after=str(grant))
    else:
        yield from _grant(wanted, None, wanted.project, found.project)
        for environment in sorted({*wanted.environments, *found.environments}):
            grant = wanted.environments.get(environment, Grant())
            yield from _grant(wanted, environment, grant, found.environments.get(environment))
    if wanted.members is not None:
        before = sorted(found.members) if found else []
        after = sorted(wanted.members & users.keys())
        if before != after:
            yield Change(Action.UPDATE, ObjectKind.GROUP, wanted.name, None, ("members",), before, after)


def _grant(wanted: GroupSpec, environment: str | None, grant: Grant, found: "RemoteGrant | None") -> Iterator[Change]:
    before = found.grant if found else Grant()
    if before != grant:
        yield Change(
            Action.UPDATE, ObjectKind.GROUP, wanted.name, environment, ("permissions",), str(before), str(grant)
        )


def without_account(groups: Iterable[GroupSpec], users: Mapping[str, int]) -> tuple[str, ...]:
    """The members who cannot be put in their group yet."""
    return tuple(
        f"{address} of group {group.name} has no account yet: send an invite link, then apply again"
        for group in groups
        for address in sorted((group.members or frozenset()) - users.keys())
    )
