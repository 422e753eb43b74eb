"""An environment made as a copy of another one, with its flags as they are there."""

from typing import Any

from flask import Blueprint, jsonify

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_key, new_uuid, now
from tests.doubles.flagsmith.states import latest, new_link, new_state

copies = Blueprint("copies", __name__)


@copies.post("/environments/<key>/clone/")
def clone(key: str) -> Any:
    """Takes a name that there is, and makes a second environment of it, as the real one does."""
    maker, given, data = user(), body(), database()
    found = data.rows("environments", api_key=key)
    if not found:
        raise RefusalError(404, {"detail": "No Environment matches the given query."})
    required(given, "name")
    limits.check(given, name=limits.text(limits.NAME))
    kept = {name: value for name, value in found[0].items() if name != "id"}
    fresh = {"uuid": new_uuid(), "name": str(given["name"]).strip(), "api_key": new_key(), "metadata": []}
    row = data.insert("environments", **{**kept, **fresh})
    for state in latest(data, data.rows("states", environment=found[0]["id"], identity=None)):
        _state(data, state, row)
    data.touch(row["id"])
    if maker is not None:
        data.insert("environment_rights", where=row["api_key"], user=maker["id"], permissions=[], admin=True)
    return jsonify({name: row[name] for name in ("id", "name", "api_key", "project")})


def _state(data: Database, of: Row, environment: Row) -> None:
    link = None
    if of["feature_segment"]:
        there = data.get("feature_segments", of["feature_segment"])
        link = new_link(data, of["feature"], environment["id"], there["segment"], there["priority"])["id"]
    row = new_state(data, data.get("features", of["feature"]), environment["id"], link)
    row.update(enabled=of["enabled"], value=dict(of["value"]), created_at=now(), updated_at=now())
    data.remove("variants", state=row["id"])
    for item in data.rows("variants", state=of["id"]):
        values = {name: item[name] for name in ("multivariate_feature_option", "percentage_allocation")}
        data.insert("variants", state=row["id"], uuid=new_uuid(), **values)
