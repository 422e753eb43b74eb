"""Custom fields of flags, segments and environments, which Flagsmith's API calls metadata.

A change of one of them that does not send its fields again takes them away; and it is refused where they are required
(seen on 2.265.0).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError

CustomFields = tuple[tuple[int, str], ...]
"""The number of each field (of its use for this kind of object), and what it says."""
_PLAIN_INT = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""A whole number as YAML has it too: of more digits than 64 bits always hold, it is a text."""
UNKNOWN = frozenset([200, 404])
"""What a server says that has no such path; 200 is the page of the unified image."""
HIDDEN = 403
"""What a server says that shows them to others: nothing is known of them then, which is not the same as none."""


class FieldKind(StrEnum):
    """What has custom fields, in the API's words."""

    FLAG = "feature"
    SEGMENT = "segment"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class CustomField:
    """A field that objects of a kind can have.

    Attributes:
        kind: Of what.
        number: Of this use of the field, by which an object names it.
        name: Its name.
        type: What it takes, in the API's words: `str`, `multiline_str`, `int`, `bool` or `url`.
        is_required: Whether every new or changed object of the kind must have it.
    """

    kind: FieldKind
    number: int
    name: str
    type: str = "str"
    is_required: bool = False

    def takes(self, value: str) -> bool:
        """Whether Flagsmith takes this value for it, by its own rules."""
        if self.type == "int":
            try:
                int(value)
            except ValueError:
                return False
        if self.type == "bool":
            return value.lower() in ("true", "false")
        if self.type == "url":
            try:
                parts = urlsplit(value)
            except ValueError:
                return False
            return bool(parts.scheme and parts.netloc)
        return True

    def plain(self, value: str) -> bool | int | str:
        """A value that an object has, as people write it."""
        if self.type == "bool" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        # What does not fit its type was written before somebody gave the field another one.
        return int(value) if self.type == "int" and _PLAIN_INT.fullmatch(value) else value


KnownFields = Mapping[tuple[FieldKind, str], CustomField]
"""The fields that there are, by the kind of object and the name."""


def by_name(fields: CustomFields, kind: FieldKind, known: KnownFields) -> dict[str, str]:
    """What an object's fields say, by their names; of those that are known."""
    names = {field.number: field.name for (of, _), field in known.items() if of is kind}
    return {names[number]: value for number, value in fields if number in names}


def with_values(fields: CustomFields, kind: FieldKind, known: KnownFields, wanted: Mapping[str, str]) -> CustomFields:
    """An object's fields with these values, by name; the others stay as they are. All names must be known."""
    values = {known[kind, name].number: value for name, value in wanted.items()}
    return tuple((dict(fields) | values).items())


def custom_fields(row: Mapping[str, Any]) -> CustomFields:
    """Those of an object, as the API shows it."""
    return tuple((item["model_field"], item["field_value"]) for item in row.get("metadata") or ())


def as_they_are(fields: CustomFields) -> dict[str, Any]:
    """What a change has to send, so that an object keeps its fields."""
    said = [{"model_field": number, "field_value": value} for number, value in fields]
    return {"metadata": said} if said else {}


def known_fields(client: FlagsmithClient, organisation: int, project: int) -> tuple[CustomField, ...] | None:
    """The fields of the organisation and the project; None where the server shows them to others, and not here."""
    path = f"/api/v1/projects/{project}/metadata/fields/"
    try:
        fields = list(client.pages(path, {"include_organisation": "true"}))
        if not fields:
            return ()
        types = client.get(f"/api/v1/organisations/{organisation}/metadata-model-fields/supported-content-types/")
    except FlagsmithError as error:
        if error.status == HIDDEN:
            return None
        if error.status not in UNKNOWN:
            raise
        return ()
    names = {row["id"]: row["model"] for row in types}
    whole = {("organisation", organisation), ("project", project)}
    return tuple(
        CustomField(
            FieldKind(kind),
            use["id"],
            field["name"],
            field.get("type", "str"),
            any((names.get(item["content_type"]), item["object_id"]) in whole for item in use["is_required_for"]),
        )
        for field in fields
        for use in field["model_fields"]
        if (kind := names.get(use["content_type"])) in set(FieldKind)
    )
