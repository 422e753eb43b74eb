"""The tags of a project."""

from typing import Any

from flask import Blueprint, jsonify

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.database import RefusalError, new_uuid

tags = Blueprint("tags", __name__)


@tags.get("/projects/<int:project>/tags/")
def all_tags(project: int) -> Any:
    user()
    return page(database().rows("tags", project=project))


@tags.patch("/projects/<int:project>/tags/<int:number>/")
def change_tag(project: int, number: int) -> Any:
    user()
    row = database().one("tags", id=number, project=project)
    row.update({key: value for key, value in body().items() if key in ("label", "color", "description")})
    return jsonify(row)


@tags.delete("/projects/<int:project>/tags/<int:number>/")
def remove_tag(project: int, number: int) -> Any:
    user()
    database().one("tags", id=number, project=project)
    for row in database().rows("features", project=project):
        row["tags"] = [tag for tag in row["tags"] if tag != number]
    database().remove("tags", id=number)
    return "", 204


@tags.post("/projects/<int:project>/tags/")
def add_tag(project: int) -> Any:
    user()
    given = body()
    required(given, "label", "color")
    limits.check(given, label=limits.text(limits.LABEL), color=limits.text(limits.COLOUR))
    if database().rows("tags", project=project, label=given["label"]):
        raise RefusalError(400, {"non_field_errors": ["The fields label, project must make a unique set."]})
    row = database().insert(
        "tags",
        label=given["label"],
        color=given["color"],
        description=given.get("description"),
        project=project,
        uuid=new_uuid(),
        is_permanent=False,
        is_system_tag=False,
        type="NONE",
    )
    return jsonify(row), 201
