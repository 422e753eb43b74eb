"""The server-side keys of environments."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith.answers import body, database, required, user
from tests.doubles.flagsmith.database import RefusalError, Row, new_key, now
from tests.doubles.flagsmith.permissions import NO_PERMISSION
from tests.doubles.flagsmith.projects import check_text

server_keys = Blueprint("server_keys", __name__)
NO_TIME = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


@server_keys.get("/environments/<key>/api-keys/")
def all_server_keys(key: str) -> Any:
    user()
    return jsonify([_key(row) for row in database().rows("server_keys", environment=_owner(key))])


@server_keys.post("/environments/<key>/api-keys/")
def add_server_key(key: str) -> Any:
    user()
    given, owner = body(), _owner(key)
    required(given, "name")
    check_text("name", given["name"])
    row = database().insert(
        "server_keys",
        key=f"ser.{new_key()}",
        active=given.get("active", True),
        created_at=now(),
        name=given["name"],
        expires_at=_time(given.get("expires_at")),
        environment=owner,
    )
    return jsonify(_key(row)), 201


@server_keys.put("/environments/<key>/api-keys/<int:number>/")
@server_keys.patch("/environments/<key>/api-keys/<int:number>/")
def change_server_key(key: str, number: int) -> Any:
    user()
    row, given = _server_key(key, number), body()
    if request.method == "PUT":
        required(given, "name")
    if "name" in given:
        check_text("name", given["name"])
    if "expires_at" in given:
        given["expires_at"] = _time(given["expires_at"])
    row.update({name: given[name] for name in ("name", "active", "expires_at") if name in given})
    return jsonify(_key(row))


@server_keys.delete("/environments/<key>/api-keys/<int:number>/")
def remove_server_key(key: str, number: int) -> Any:
    user()
    database().remove("server_keys", id=_server_key(key, number)["id"])
    return "", 204


def _owner(key: str) -> int:
    """The environment's number; of one that there is not, nobody is the administrator."""
    found = database().rows("environments", api_key=key)
    if not found:
        raise RefusalError(403, NO_PERMISSION)
    return int(found[0]["id"])


def _server_key(key: str, number: int) -> Row:
    found = database().rows("server_keys", id=number, environment=_owner(key))
    if not found:
        raise RefusalError(404, {"detail": "No EnvironmentAPIKey matches the given query."})
    return found[0]


def _time(value: str | None) -> str | None:
    try:
        return value and datetime.fromisoformat(value).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except ValueError:
        raise RefusalError(400, {"expires_at": [NO_TIME]}) from None


def _key(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "environment"}
