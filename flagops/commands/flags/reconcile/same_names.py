"""Names on a server that differ from the catalogue's in case only: the same thing, spelt wrongly in one of the two."""

from collections.abc import Iterable, Iterator

from flagops.commands.flags.reconcile.change import ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import ConflictError

TAG = "tag"
VARIATION = "variation"


def require_same_names(wanted: ProjectSpec, found: Snapshot) -> None:
    """Raise OpsError with all names that the server spells otherwise: each would be made a second time."""
    said = [
        f"Flagsmith has {_article(kind)} {kind} {there!r}, and the catalogue {name!r}{where}."
        for kind, name, there, where in _pairs(wanted, found)
    ]
    if said:
        raise ConflictError(
            " ".join(said),
            hint="Write the name in the catalogue as Flagsmith has it; the UI can rename all but flags.",
        )


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiou" else "a"


def _pairs(wanted: ProjectSpec, found: Snapshot) -> Iterator[tuple[str, str, str, str]]:
    """Kind, the catalogue's name, the server's, and of which flag it is, if of one."""
    tags = {tag for flag in wanted.flags.values() for tag in flag.tags}
    for kind, names, there in (
        (ObjectKind.ENVIRONMENT, wanted.environments, found.environments),
        (ObjectKind.SEGMENT, wanted.segments, found.segments),
        (ObjectKind.FLAG, wanted.flags, found.flags),
        (TAG, sorted(tags), found.tags),
        (ObjectKind.GROUP, wanted.groups, found.people.groups),
    ):
        for name, other in _spelt_otherwise(names, there):
            yield str(kind), name, other, ""
    for name, flag in wanted.flags.items():
        on_server = found.flags.get(name)
        keys = [option.key for option in on_server.options if option.key] if on_server else []
        for option, other in _spelt_otherwise([item.name for item in flag.options], keys):
            yield VARIATION, option, other, f" of the flag {name!r}"


def _spelt_otherwise(wanted: Iterable[str], there: Iterable[str]) -> Iterator[tuple[str, str]]:
    names = set(there)
    folded = {name.casefold(): name for name in names}
    for name in wanted:
        other = folded.get(name.casefold())
        if other is not None and name not in names:
            yield name, other
