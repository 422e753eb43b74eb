"""Custom fields of flags, segments and environments, which Flagsmith's API calls metadata.

A change of one of them that does not send its fields again takes them away; and it is refused where they are required
(seen on 2.265.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError

CustomFields = tuple[tuple[int, str], ...]
"""The number of each field (of its use for this kind of object), and what it says."""
UNKNOWN = frozenset([200, 403, 404])
"""What a server says that has no such path, or shows it to others; 200 is the page of the unified image."""


class FieldKind(StrEnum):
    """What has custom fields, in the API's words."""

    FLAG = "feature"
    SEGMENT = "segment"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class RequiredField:
    """A field that every new or changed object of a kind must have: the number of that use of it, and its name."""

    kind: FieldKind
    number: int
    name: str


def custom_fields(row: Mapping[str, Any]) -> CustomFields:
    """Those of an object, as the API shows it."""
    return tuple((item["model_field"], item["field_value"]) for item in row.get("metadata") or ())


def as_they_are(fields: CustomFields) -> dict[str, Any]:
    """What a change has to send, so that an object keeps its fields."""
    said = [{"model_field": number, "field_value": value} for number, value in fields]
    return {"metadata": said} if said else {}


def required_fields(client: FlagsmithClient, organisation: int, project: int) -> tuple[RequiredField, ...]:
    """The fields that the organisation or the project requires; none, where a server does not show them."""
    path = f"/api/v1/projects/{project}/metadata/fields/"
    try:
        fields = list(client.pages(path, {"include_organisation": "true"}))
        if not fields:
            return ()
        types = client.get(f"/api/v1/organisations/{organisation}/metadata-model-fields/supported-content-types/")
    except FlagsmithError as error:
        if error.status not in UNKNOWN:
            raise
        return ()
    names = {row["id"]: row["model"] for row in types}
    whole = {("organisation", organisation), ("project", project)}
    return tuple(
        RequiredField(FieldKind(kind), use["id"], field["name"])
        for field in fields
        for use in field["model_fields"]
        if (kind := names.get(use["content_type"])) in set(FieldKind)
        if any((names.get(item["content_type"]), item["object_id"]) in whole for item in use["is_required_for"])
    )
