"""Custom fields that a project requires, and that a plan's flags, segments and environments do not have."""

from collections.abc import Collection, Iterator, Mapping

from components.text import quoting
from flagops.commands.flags.reconcile.change import Action, FlagPlan, ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.custom_fields import CustomFields, FieldKind, known_fields

KINDS = {
    ObjectKind.FLAG: FieldKind.FLAG,
    ObjectKind.SEGMENT: FieldKind.SEGMENT,
    ObjectKind.ENVIRONMENT: FieldKind.ENVIRONMENT,
}
MOST = 5
"""Names in a message."""
NOT_SHOWN = (
    "whether custom fields are required was not looked at: Flagsmith does not show them here (status 403), and may "
    "refuse a step"
)


def require_fields(connection: Connection, todo: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> list[str]:
    """Raise OpsError where Flagsmith would refuse a step for a field; asks only if there is something to refuse.

    What could not be looked at, in words.
    """
    touched = {
        (change.kind, change.name)
        for change in todo.changes
        if change.kind in KINDS and change.environment is None and _is_of_object(change.action, change.field)
    }
    if not touched:
        return []
    there: Mapping[ObjectKind, Mapping[str, CustomFields]] = {
        ObjectKind.FLAG: {name: item.fields for name, item in found.flags.items()},
        ObjectKind.SEGMENT: {name: item.fields for name, item in found.segments.items()},
        ObjectKind.ENVIRONMENT: {name: item.fields for name, item in found.environments.items()},
    }

    given: Mapping[ObjectKind, Mapping[str, Collection[str]]] = {
        ObjectKind.FLAG: {name: item.metadata for name, item in wanted.flags.items()},
        ObjectKind.SEGMENT: {name: item.metadata for name, item in wanted.segments.items()},
        ObjectKind.ENVIRONMENT: {},
    }
    known = found.known_fields.values() or known_fields(connection.client, connection.organisation, connection.project)
    if known is None:
        return [NOT_SHOWN]

    def said() -> Iterator[str]:
        for field in (item for item in known if item.is_required):
            missing = sorted(
                name
                for kind, name in touched
                if KINDS[kind] is field.kind and field.name not in given[kind].get(name, ())
                if all(number != field.number for number, _ in there[kind].get(name, ()))
            )
            if missing:
                more = f" and {len(missing) - MOST} more" if len(missing) > MOST else ""
                what = "flag" if field.kind is FieldKind.FLAG else str(field.kind)
                listed = f"{', '.join(missing[:MOST])}{more}"
                name = quoting.value(field.name)
                yield f"{connection.label} requires the custom field {name} of each {what}; without it: {listed}."

    lines = "\n".join(said())
    if lines:
        raise ConflictError(
            lines,
            hint="Give them under `metadata:` of the flag or segment. If an environment lacks one, create it in "
            "Flagsmith's UI with that field, then apply: `ff` keeps fields as they are. Or let an administrator of the "
            "organisation make the field optional.",
        )
    return []


def _is_of_object(action: Action, field: tuple[str, ...]) -> bool:
    """Whether a step is a request about the object itself; its deletion, and its variations, ask for no field."""
    return action is not Action.DELETE and field[:1] != ("variation",)
