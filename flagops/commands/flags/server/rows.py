"""The rows of Flagsmith's API as the snapshot has them, and values as the API has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from components.rollouts.in_pod.notes import Description, NotesError, read
from components.text.versions import Version
from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.server.remote_rules import read_rules
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteSegment, RemoteState, Variant
from flagops.commands.flags.spec import MARK
from flagops.flagsmith_api.custom_fields import custom_fields

Row = Mapping[str, Any]
AT_ONCE = timedelta(milliseconds=50)
"""Between the making of a state and its last change, where nobody changed it (seen on 2.265.0: 8 to 39 µs)."""
ONE_REQUEST_SINCE: Version = (2, 263, 0)
"""Since then one request sets a flag and its overrides in an environment. Where no versions are kept, it writes the
switch, the value and the weights, but not when the state was changed (seen on 2.265.0)."""
FIELDS = {"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}


def value(kept: Row | None) -> Plain:
    """A value out of the API's typed form."""
    found: Plain = kept[FIELDS[kept["type"]]] if kept else None
    return found


def typed(plain: Plain) -> dict[str, Any]:
    """A value in the API's typed form."""
    kind = "bool" if isinstance(plain, bool) else "int" if isinstance(plain, int) else "unicode"
    return {"type": kind, **dict.fromkeys(FIELDS.values()), FIELDS[kind]: plain}


def is_touched(row: Row, release: Version | None) -> bool:
    """Whether a state may have been changed since it was made; `release` is the server's, None for an unknown one.

    A version's states are new whatever changed, and newer releases change states without a trace.
    """
    made, changed = row.get("created_at"), row.get("updated_at")
    if not made or not changed or row.get("environment_feature_version"):
        return True
    if release is None or release >= ONE_REQUEST_SINCE:
        return True
    return datetime.fromisoformat(changed) - datetime.fromisoformat(made) > AT_ONCE


def variants(row: Row) -> tuple[Variant, ...]:
    """The weights of a state."""
    return tuple(
        Variant(item["id"], item["multivariate_feature_option"], float(item["percentage_allocation"]))
        for item in row["multivariate_feature_state_values"]
    )


def segment_of(row: Row) -> RemoteSegment:
    """A segment."""
    description = row.get("description") or ""
    is_managed = description.endswith(MARK)
    said, unreadable = _of_rollout(description)
    shown = said.text if said else description.removesuffix(MARK).rstrip("\n") if is_managed else description
    rules, fields = read_rules(row["rules"]), custom_fields(row)
    return RemoteSegment(
        id=row["id"],
        name=row["name"],
        description=shown,
        rules=rules,
        feature=row.get("feature"),
        is_managed=is_managed,
        fields=fields,
        rollout=said.declared if said else None,
        memory=said.memory if said else None,
        unreadable=unreadable,
    )


def _of_rollout(description: str) -> tuple[Description | None, str]:
    """What a description says of a rollout, None where it says nothing; and why that cannot be read."""
    try:
        said = read(description)
    except NotesError as error:
        return None, str(error)
    return (said if said.declared or said.memory else None), ""


def flag_of(row: Row, labels: Mapping[int, str], states: Mapping[str, RemoteState]) -> RemoteFlag:
    """A flag; `labels` are those of tags by id, `states` its own by environment."""
    return RemoteFlag(
        id=row["id"],
        name=row["name"],
        description=row.get("description") or "",
        tags=frozenset(labels[number] for number in row["tags"] if number in labels),
        is_archived=row["is_archived"],
        options=tuple(option_of(item) for item in row["multivariate_options"]),
        states=states,
        server_side_only=bool(row.get("is_server_key_only")),
        fields=custom_fields(row),
        is_made_on=row.get("default_enabled") is not False,
    )


def option_of(row: Row) -> RemoteOption:
    """A variation out of the API's form."""
    return RemoteOption(row["id"], row.get("key"), value(row), float(row["default_percentage_allocation"]))


@dataclass(frozen=True)
class StateRows:
    """The states of one flag in one environment: its own, those of segments, and those of single users.

    Attributes:
        known: What the environment's document says of each override's uuid: the segment and the priority.
    """

    known: Mapping[str, tuple[int, int]]
    own: list[Row] = field(default_factory=list)
    overrides: list[Row] = field(default_factory=list)
    users: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Take one more."""
        (self.users if row.get("identity") else self.overrides if row["feature_segment"] else self.own).append(row)
