"""What applications ask: flags, identities, the environment's document. Evaluated by Flagsmith's own engine."""

from collections.abc import Collection
from typing import Any

from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context
from flask import Blueprint, Response, jsonify, request

from tests.doubles.flagsmith.answers import body, database, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row
from tests.doubles.flagsmith.document import document, overrides, served
from tests.doubles.flagsmith.identities import keep
from tests.doubles.flagsmith.states import latest, plain

sdk = Blueprint("sdk", __name__)


def _environment() -> Row:
    key = request.headers.get("X-Environment-Key")
    found = database().rows("environments", api_key=key)
    if found:
        return found[0]
    for row in database().rows("server_keys", key=key):  # also when it is over: only deleting ends a key
        return database().get("environments", row["environment"])
    word = "Key" if key else "key"
    raise RefusalError(403, {"detail": f"Invalid or missing Environment {word}"})


def _is_server_side() -> bool:
    return request.headers.get("X-Environment-Key", "").startswith("ser.")


def _with_age(answer: Response, environment: Row) -> Response:
    answer.headers["X-Flagsmith-Document-Updated-At"] = str(environment["updated_at"].timestamp())
    return answer


def _flag(data: Database, state: Row) -> Row:
    feature = data.get("features", state["feature"])
    names = ("id", "name", "created_date", "description", "initial_value", "default_enabled", "type")
    return {
        "id": state["id"],
        "feature": {name: feature[name] for name in names},
        "feature_state_value": plain(state["value"]),
        "environment": state["environment"],
        "identity": state["identity"],
        "feature_segment": state["feature_segment"],
        "enabled": state["enabled"],
    }


@sdk.get("/flags/")
def flags() -> Any:
    environment = _environment()
    data = database()
    found = [_flag(data, state) for state in served(data, environment, is_server_side=_is_server_side())]
    wanted = request.args.get("feature")
    if wanted is not None:
        named = [flag for flag in found if flag["feature"]["name"] == wanted]
        if not named:
            raise RefusalError(404, {"detail": "Given feature not found"})
        return _with_age(jsonify(named[0]), environment)
    return _with_age(jsonify(found), environment)


@sdk.post("/identities/")
def identify() -> Any:
    environment, given = _environment(), body()
    required(given, "identifier")
    kept = database().rows("identities", environment=environment["id"], identifier=given["identifier"])
    identity = kept[0] if kept else keep(database(), environment["id"], given["identifier"])
    before = set(identity["traits"])
    identity["traits"].update({item["trait_key"]: item["trait_value"] for item in given.get("traits", [])})
    return _identity(environment, identity, unnumbered=set(identity["traits"]) - before if kept else set())


@sdk.get("/identities/")
def identity() -> Any:
    environment = _environment()
    identifier = request.args.get("identifier", "")
    if request.args.get("transient"):
        return _identity(environment, {"id": None, "identifier": identifier, "traits": {}})
    kept = database().rows("identities", environment=environment["id"], identifier=identifier)
    return _identity(environment, kept[0] if kept else keep(database(), environment["id"], identifier))


def _identity(environment: Row, found: Row, unnumbered: Collection[str] = ()) -> Response:
    data = database()
    own: Any = {**document(data, environment), "identity_overrides": overrides(data, environment, found["id"])}
    context = map_environment_document_to_context(own)
    context = map_context_and_identity_data_to_context(context, found["identifier"], found["traits"])
    result = get_evaluation_result(context)["flags"]
    traits = [
        {
            "id": None if name in unnumbered else number,
            "trait_key": name,
            "trait_value": value,
            "transient": False,
        }
        for number, (name, value) in enumerate(found["traits"].items(), 1)
    ]
    shown = []
    for state in served(data, environment, is_server_side=_is_server_side()):
        name = data.get("features", state["feature"])["name"]
        flag = result[name]
        winner = _winner(data, state, flag["reason"], found["id"])
        shown.append(
            {**_flag(data, winner), "feature_state_value": flag["value"], "enabled": flag["enabled"], "variant": None}
        )
    return _with_age(jsonify(identifier=found["identifier"], traits=traits, flags=shown), environment)


def _winner(data: Database, own: Row, reason: str, identity: int | None) -> Row:
    """The state that a flag came from: the engine names the segment in its reason."""
    if not reason.startswith("TARGETING_MATCH"):
        return own
    name = reason.partition("segment=")[2].split(";")[0]
    if name == "identity_overrides":
        return data.one("states", feature=own["feature"], identity=identity)
    rows = latest(data, data.rows("states", feature=own["feature"], environment=own["environment"]))
    for row in rows:
        link = row["feature_segment"]
        if link and data.get("segments", data.get("feature_segments", link)["segment"])["name"] == name:
            return row
    return own


@sdk.get("/environment-document/")
def environment_document() -> Any:
    if not _is_server_side():
        raise RefusalError(403, {"detail": "Invalid or missing Environment key"})
    environment = _environment()
    answer = _with_age(jsonify(document(database(), environment)), environment)
    answer.last_modified = environment["updated_at"]
    return answer


@sdk.get("/environments/<key>/document/")
def environment_document_for_people(key: str) -> Any:
    user()
    return jsonify(document(database(), database().one("environments", api_key=key)))


@sdk.post("/analytics/flags/")
def analytics() -> Any:
    environment = _environment()
    for name, count in body().items():
        database().insert("evaluations", environment=environment["id"], feature=name, count=count)
    return Response("", content_type="")
