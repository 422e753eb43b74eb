"""Users who are kept, as administrators see and change them, and their own overrides."""

from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid, now
from tests.doubles.flagsmith.states import new_state, shown, typed

identities = Blueprint("identities", __name__)
FIELDS = ("id", "identifier", "environment")


def keep(data: Database, environment: int, identifier: str) -> Row:
    """Keep a user whom nobody knew."""
    values = {"environment": environment, "identifier": identifier}
    return data.insert("identities", **values, traits={}, created=now(), uuid=new_uuid())


@identities.get("/environments/<key>/identities/")
def list_identities(key: str) -> Any:
    user()
    wanted = request.args.get("q", "").lower()
    rows = database().rows("identities", environment=_environment(key))
    return page(_row(row) for row in rows if wanted in row["identifier"].lower())


@identities.post("/environments/<key>/identities/")
def add_identity(key: str) -> Any:
    user()
    given, environment = body(), _environment(key)
    required(given, "identifier")
    name = given["identifier"]
    if database().rows("identities", environment=environment, identifier=name):
        problem = f"Identity with identifier '{name}' already exists in this environment"
        raise RefusalError(400, {"identifier": problem})
    return jsonify(_row(keep(database(), environment, name))), 201


@identities.delete("/environments/<key>/identities/<int:number>/")
def remove_identity(key: str, number: int) -> Any:
    user()
    if not database().rows("identities", id=number, environment=_environment(key)):
        raise RefusalError(404, {"detail": "No Identity matches the given query."})
    database().remove("states", identity=number)
    database().remove("identities", id=number)
    return "", 204


@identities.post("/environments/<key>/identities/<int:number>/featurestates/")
def add_own_override(key: str, number: int) -> Any:
    user()
    data, given, environment = database(), body(), _environment(key)
    row = new_state(data, data.get("features", given["feature"]), environment)
    row.update(identity=data.one("identities", id=number, environment=environment)["id"], enabled=given["enabled"])
    row["value"] = typed(given["feature_state_value"])
    return jsonify(shown(data, row)), 201


@identities.put("/environments/<key>/identities/<int:number>/featurestates/<int:state>/")
@identities.patch("/environments/<key>/identities/<int:number>/featurestates/<int:state>/")
def change_own_override(key: str, number: int, state: int) -> Any:
    """Whether the environment keeps versions or not: overrides of users are in none."""
    user()
    data, given = database(), body()
    row = data.one("states", id=state, identity=number, environment=_environment(key))
    if "feature_state_value" in given:
        row["value"] = typed(given["feature_state_value"])
    row.update(enabled=given.get("enabled", row["enabled"]), updated_at=now())
    data.touch(row["environment"])
    return jsonify(shown(data, row))


def _environment(key: str) -> int:
    return int(database().one("environments", api_key=key)["id"])


def _row(row: Row) -> Row:
    return {name: row[name] for name in FIELDS}
