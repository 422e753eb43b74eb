"""Custom fields (metadata): what there are, where they are required, and what an object has."""

from typing import Any
from urllib.parse import urlparse

from flask import Blueprint, jsonify

from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row

custom_fields = Blueprint("custom_fields", __name__)
TYPES = {"organisation": 27, "project": 43, "environment": 46, "feature": 55, "segment": 89}
APPS = {"organisation": "organisations", "project": "projects", "environment": "environments"}
APPS |= {"feature": "features", "segment": "segments"}
WHOLE = ("organisation", "project")
LONGEST = 2000


def stored(data: Database, kind: str, given: Row) -> list[Row]:
    """The fields of an object of this kind as they are after it was written: those that are given, and no others."""
    said = given.get("metadata", [])
    errors = [_refused(data, item) for item in said]
    if any(errors):
        raise RefusalError(400, {"metadata": errors})
    named = {item["model_field"] for item in said}
    for use in data.rows("field_uses", content_type=TYPES[kind]):
        if use["is_required_for"] and use["id"] not in named:
            name = data.get("fields", use["field"])["name"]
            raise RefusalError(400, {"metadata": [f"Missing required metadata field: {name}"]})
    values = [{"model_field": item["model_field"], "field_value": str(item["field_value"])} for item in said]
    return [dict(data.insert("metadata", **value)) for value in values]


def _refused(data: Database, item: Row) -> Row:
    use = data.tables["field_uses"].get(item["model_field"])
    if use is None:
        return {"model_field": [f'Invalid pk "{item["model_field"]}" - object does not exist.']}
    if item["field_value"] == "":
        return {"field_value": ["This field may not be blank."]}
    field = data.get("fields", use["field"])
    if not _is_valid(field["type"], str(item["field_value"])):
        return {"non_field_errors": [f"Invalid value for field {field['name']}"]}
    return {}


def _is_valid(kind: str, value: str) -> bool:
    """As Flagsmith's own rules have it, and its longest text of 2,000 characters."""
    if len(value) > LONGEST:
        return False
    if kind == "int":
        return value.lstrip("-").isdecimal()
    if kind == "bool":
        return value.lower() in ("true", "false")
    parts = urlparse(value)
    return kind != "url" or bool(parts.scheme and parts.netloc)


@custom_fields.post("/metadata/fields/")
def add_field() -> Any:
    user()
    given = body()
    required(given, "name", "organisation")
    wanted = {"type": "str", "description": None, "project": None, **given}
    names = ("name", "type", "description", "organisation", "project")
    return jsonify(_shown(database().insert("fields", **{name: wanted[name] for name in names}))), 201


@custom_fields.post("/organisations/<int:_>/metadata-model-fields/")
def use_field(_: int) -> Any:
    user()
    given = body()
    required(given, "field", "content_type")
    return jsonify(database().insert("field_uses", **given)), 201


@custom_fields.get("/organisations/<int:_>/metadata-model-fields/supported-content-types/")
def content_types(_: int) -> Any:
    user()
    return jsonify([{"id": number, "app_label": APPS[model], "model": model} for model, number in TYPES.items()])


@custom_fields.get("/projects/<int:project>/metadata/fields/")
def fields(project: int) -> Any:
    user()
    return page(_shown(row) for row in database().rows("fields") if row["project"] in (None, project))


def _shown(row: Row) -> Row:
    uses = database().rows("field_uses", field=row["id"])
    return {**row, "model_fields": [{name: use[name] for name in use if name != "field"} for use in uses]}
