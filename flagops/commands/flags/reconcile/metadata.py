"""Custom fields that the catalogue says: what differs on the server, and what the server does not take."""

from collections.abc import Iterator, Mapping

from components.text import quoting
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment, Snapshot
from flagops.commands.flags.spec import FlagSpec, ProjectSpec, SegmentSpec
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import CustomField, FieldKind, KnownFields, by_name

METADATA = "metadata"
TRUTHS = frozenset(["true", "false"])
KINDS = {FieldKind.FLAG: ObjectKind.FLAG, FieldKind.SEGMENT: ObjectKind.SEGMENT}
TYPES = {"int": "a whole number", "bool": "true or false", "url": "an address, such as https://example.com/1"}


def compare_metadata(
    kind: FieldKind, wanted: FlagSpec | SegmentSpec, found: RemoteFlag | RemoteSegment, snapshot: Snapshot
) -> Iterator[Change]:
    """The fields that say something else; those that the catalogue does not name are people's, and of those that the
    server does not show nobody can tell."""
    there = by_name(found.fields, kind, snapshot.known_fields)
    for name, text in wanted.metadata.items():
        if snapshot.hides_fields and (kind, name) not in snapshot.known_fields:
            continue
        if not is_same(text, there.get(name)):
            place = (METADATA, name)
            yield Change(Action.UPDATE, KINDS[kind], wanted.name, None, place, there.get(name), text)


def is_same(wanted: str, found: str | None) -> bool:
    """Whether two texts of a field mean the same: Flagsmith takes truths in small and in capital letters."""
    return wanted == found or (found is not None and wanted in TRUTHS and found.lower() == wanted)


def require_values(connection: Connection, wanted: ProjectSpec, found: Snapshot) -> None:
    """Raise OpsError with every field of the catalogue that the server does not have, or does not take so."""
    if not wanted.has_metadata:
        return
    if found.hides_fields:
        raise ConflictError(
            f"{connection.label} does not show its custom fields to {connection.actor[1] or 'this key'}: it cannot be "
            "told what `metadata` of the catalogue would change.",
            hint="Plan and apply as somebody who may see them: a user of the project, or a key with its permissions.",
        )
    said = [
        *_wrong(FieldKind.FLAG, wanted.flags, found.known_fields),
        *_wrong(FieldKind.SEGMENT, wanted.segments, found.known_fields),
    ]
    if said:
        raise ConflictError(
            "\n".join(quoting.few(said)),
            hint="Change `metadata` in the catalogue, or let an administrator of the organisation make the field in "
            f"{connection.label}.",
        )


def _wrong(
    kind: FieldKind, wanted: Mapping[str, FlagSpec] | Mapping[str, SegmentSpec], known: KnownFields
) -> Iterator[str]:
    what = str(KINDS[kind])
    names = ", ".join(name for of, name in known if of is kind) or "none"
    for name, spec in wanted.items():
        for field, text in spec.metadata.items():
            there: CustomField | None = known.get((kind, field))
            if there is None:
                yield f"The {what} {name} has the custom field {quoting.value(field)}; {what}s can have: {names}."
            elif not there.takes(text):
                where = f"the custom field {quoting.value(field)}"
                yield f"The {what} {name} says {quoting.value(text)} in {where}, which takes {TYPES[there.type]}."
