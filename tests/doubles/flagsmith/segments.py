"""Segments and their rules."""

from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.custom_fields import stored
from tests.doubles.flagsmith.database import Database, Row, new_uuid, now
from tests.doubles.flagsmith.states import trimmed

segments = Blueprint("segments", __name__)


@segments.get("/projects/<int:project>/segments/")
def list_segments(project: int) -> Any:
    user()
    wanted = request.args.get("q", "").lower()
    return page(row for row in database().rows("segments", project=project) if wanted in row["name"].lower())


@segments.post("/projects/<int:project>/segments/")
def add_segment(project: int) -> Any:
    user()
    given = trimmed(body())
    required(given, "name", "rules")
    _check(given)
    fields = stored(database(), "segment", given)
    row = database().insert(
        "segments",
        uuid=new_uuid(),
        created_at=now(),
        updated_at=now(),
        name=given["name"],
        description=given.get("description"),
        project=project,
        feature=given.get("feature"),
        version_of=0,
        rules=_rules(database(), given["rules"]),
        metadata=fields,
        membership_counts=[],
        managed_by="",
    )
    row["version_of"] = row["id"]
    _changed(project)
    return jsonify(row), 201


@segments.get("/projects/<int:project>/segments/<int:number>/")
def one_segment(project: int, number: int) -> Any:
    user()
    return jsonify(database().one("segments", id=number, project=project))


@segments.put("/projects/<int:project>/segments/<int:number>/")
@segments.patch("/projects/<int:project>/segments/<int:number>/")
def change_segment(project: int, number: int) -> Any:
    user()
    row, given = database().one("segments", id=number, project=project), trimmed(body())
    if request.method == "PUT":
        required(given, "name", "rules")
    _check(given)
    kept: Row = {name: given[name] for name in ("name", "description", "feature") if name in given}
    row.update(kept, updated_at=now(), metadata=stored(database(), "segment", given))
    if "rules" in given:
        row["rules"] = _rules(database(), given["rules"])
    _changed(project)
    return jsonify(row)


@segments.delete("/projects/<int:project>/segments/<int:number>/")
def remove_segment(project: int, number: int) -> Any:
    user()
    database().one("segments", id=number, project=project)
    for link in database().rows("feature_segments", segment=number):
        database().remove("states", feature_segment=link["id"])
        database().remove("feature_segments", id=link["id"])
    database().remove("segments", id=number)
    _changed(project)
    return "", 204


def _changed(project: int) -> None:
    for environment in database().rows("environments", project=project):
        database().touch(environment["id"])


def _check(given: Row) -> None:
    if "rules" in given:
        limits.rules(given["rules"])
    limits.check(given, name=limits.text(limits.NAME))


def _rules(data: Database, rules: list[Row]) -> list[Row]:
    """The rules with ids; a rule or condition that brings its id keeps it."""
    return [
        {
            "id": _id(data, "rules", rule),
            "type": rule["type"],
            "rules": [
                {
                    "id": _id(data, "rules", inner),
                    "type": inner["type"],
                    "conditions": [_condition(data, item) for item in inner.get("conditions", [])],
                }
                for inner in rule.get("rules", [])
            ],
            "conditions": [_condition(data, item) for item in rule.get("conditions", [])],
        }
        for rule in rules
    ]


def _condition(data: Database, given: Row) -> Row:
    return {
        "id": _id(data, "conditions", given),
        "operator": given["operator"],
        "property": (given.get("property") or "").strip() or None,
        "value": str(given.get("value")).strip(),  # the real one makes the text None of none
        "description": given.get("description"),
    }


def _id(data: Database, table: str, given: Row) -> int:
    return int(given["id"]) if given.get("id") else int(data.insert(table)["id"])
