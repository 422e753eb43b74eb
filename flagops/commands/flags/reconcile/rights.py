"""The rights on a server that no group of a catalogue gives: shown, or taken away where the catalogue is strict."""

from collections.abc import Iterator
from itertools import groupby

from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.server.read_rights import PERMISSIONS, PROJECT, ROLE
from flagops.commands.flags.server.snapshot import Holder, People, RemoteRight
from flagops.commands.flags.spec import AccessSpec, ProjectSpec
from flagops.errors import RefusedError

NOT_LOOKED_AT = (
    "API keys and trust relationships of the organisation were not looked at: Flagsmith shows them to people alone, "
    "so name the --stack and leave the key out"
)


def unexpected(wanted: ProjectSpec, found: People) -> list[RemoteRight]:
    """The rights that neither a group of the catalogue gives, nor `access` allows."""
    access = wanted.access
    if access is None:
        return []
    administrators = _administrators(access, found)
    # Who may administer the organisation may do everything already.
    trusted = _have_the_role(found) & administrators
    invited = administrators.union(*(group.members or () for group in wanted.groups.values()))

    def is_expected(right: RemoteRight) -> bool:
        match right.holder:
            case Holder.PERSON:
                is_elsewhere = right.field[0] == "group" and right.field[1] not in wanted.groups
                return right.name in trusted or is_elsewhere
            case Holder.GROUP:
                return right.name in wanted.groups and right.field in (PROJECT, PERMISSIONS)
            case Holder.API_KEY | Holder.TRUST:
                return right.name in access.api_keys
            case Holder.INVITATION:
                return right.name in invited
        return False

    return sorted((right for right in found.rights if not is_expected(right)), key=lambda right: right.title)


def taken(wanted: ProjectSpec, found: People) -> Iterator[Change]:
    """The rights that are taken away. Raises OpsError where the organisation would be left without an administrator."""
    if wanted.access is None or not wanted.access.strict:
        return
    rights = unexpected(wanted, found)
    if any(right.field == ROLE and right.holder is Holder.PERSON for right in rights):
        _check_somebody_stays(wanted.access, found)
    yield from map(as_change, rights)


def as_change(right: RemoteRight) -> Change:
    """The step that takes a right away."""
    return Change(Action.DELETE, ObjectKind.RIGHTS, right.title, right.environment, right.field, before=right.said)


def left(wanted: ProjectSpec, found: People) -> list[str]:
    """The rights that are left, in words, a line for each who has some; none where they are taken away."""
    if wanted.access is None or wanted.access.strict:
        return []
    return [
        f"{ObjectKind.RIGHTS} {title} ({'; '.join(map(_in_words, rights))})"
        for title, rights in groupby(unexpected(wanted, found), key=lambda right: right.title)
    ]


def remarks(wanted: ProjectSpec, found: People) -> Iterator[str]:
    """What is to be known of them beside."""
    if wanted.access is None:
        return
    if left(wanted, found):
        yield "somebody has rights that no group of the catalogue gives: `access.strict: true` takes them away"
    if found.administrator is None:
        yield NOT_LOOKED_AT


def _in_words(right: RemoteRight) -> str:
    where = right.environment or " ".join(right.field)
    return f"{where}: {right.said}"


def _have_the_role(found: People) -> set[str]:
    """Who administers the organisation, by address."""
    return {right.name for right in found.rights if right.field == ROLE and right.holder is Holder.PERSON}


def _administrators(access: AccessSpec, found: People) -> frozenset[str]:
    return access.administrators | ({found.administrator} if found.administrator else frozenset())


def _check_somebody_stays(access: AccessSpec, found: People) -> None:
    there = _have_the_role(found)
    if not there & _administrators(access, found):
        raise RefusedError(
            f"`access.strict` would leave the organisation without an administrator: {', '.join(sorted(there))}.",
            hint="Name those who stay administrators in `access.administrators` of the catalogue.",
        )
