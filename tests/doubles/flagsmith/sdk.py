"""What applications ask: flags, identities, the environment's document. Evaluated by Flagsmith's own engine."""

from typing import Any

from flag_engine.engine import get_evaluation_result
from flagsmith.mappers import map_context_and_identity_data_to_context, map_environment_document_to_context
from flask import Blueprint, Response, jsonify, request

from tests.doubles.flagsmith.answers import body, database, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row
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


def served(data: Database, environment: Row) -> list[Row]:
    """The environment's own states, those of archived features too."""
    return data.rows("states", environment=environment["id"], feature_segment=None, identity=None)


def _flag(data: Database, state: Row) -> Row:
    feature = data.get("features", state["feature"])
    names = ("id", "name", "created_date", "description", "initial_value", "default_enabled", "type")
    return {
        "id": state["id"],
        "feature": {name: feature[name] for name in names},
        "feature_state_value": plain(state["value"]),
        "environment": state["environment"],
        "identity": None,
        "feature_segment": state["feature_segment"],
        "enabled": state["enabled"],
    }


@sdk.get("/flags/")
def flags() -> Any:
    environment = _environment()
    data = database()
    found = [_flag(data, state) for state in served(data, environment)]
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
    identity = (
        kept[0]
        if kept
        else database().insert("identities", environment=environment["id"], identifier=given["identifier"], traits={})
    )
    identity["traits"].update({item["trait_key"]: item["trait_value"] for item in given.get("traits", [])})
    return _identity(environment, identity)


@sdk.get("/identities/")
def identity() -> Any:
    environment = _environment()
    identifier = request.args.get("identifier", "")
    kept = database().rows("identities", environment=environment["id"], identifier=identifier)
    return _identity(environment, kept[0] if kept else {"identifier": identifier, "traits": {}})


def _identity(environment: Row, found: Row) -> Response:
    data = database()
    context = map_environment_document_to_context(document(data, environment))  # type: ignore[arg-type]
    context = map_context_and_identity_data_to_context(context, found["identifier"], found["traits"])
    result = get_evaluation_result(context)["flags"]
    traits = [
        {"id": number, "trait_key": name, "trait_value": value, "transient": False}
        for number, (name, value) in enumerate(found["traits"].items(), 1)
    ]
    shown = []
    for state in served(data, environment):
        name = data.get("features", state["feature"])["name"]
        flag = result[name]
        winner = _winner(data, state, flag["reason"])
        shown.append(
            {**_flag(data, winner), "feature_state_value": flag["value"], "enabled": flag["enabled"], "variant": None}
        )
    return _with_age(jsonify(identifier=found["identifier"], traits=traits, flags=shown), environment)


def _winner(data: Database, own: Row, reason: str) -> Row:
    """The state that a flag came from: the engine names the segment in its reason."""
    if not reason.startswith("TARGETING_MATCH"):
        return own
    name = reason.partition("segment=")[2].split(";")[0]
    rows = latest(data, data.rows("states", feature=own["feature"], environment=own["environment"]))
    for row in rows:
        link = row["feature_segment"]
        if link and data.get("segments", data.get("feature_segments", link)["segment"])["name"] == name:
            return row
    return own


@sdk.get("/environment-document/")
def environment_document() -> Any:
    environment = _environment()
    if not _is_server_side():
        raise RefusalError(403, {"detail": "Invalid or missing Environment key"})
    answer = _with_age(jsonify(document(database(), environment)), environment)
    answer.last_modified = environment["updated_at"]
    return answer


@sdk.get("/environments/<key>/document/")
def environment_document_for_people(key: str) -> Any:
    user()
    return jsonify(document(database(), database().one("environments", api_key=key)))


def document(data: Database, environment: Row) -> Row:
    """All that a client needs to evaluate by itself."""
    project = data.get("projects", environment["project"])
    names = ("name", "allow_client_traits", "hide_sensitive_data", "hide_disabled_flags")
    hashing = ("use_identity_composite_key_for_hashing", "use_identity_overrides_in_local_eval")
    return {
        "id": environment["id"],
        "api_key": environment["api_key"],
        "project": {
            "id": project["id"],
            "name": project["name"],
            "organisation": {
                "id": 1,
                "name": data.organisation,
                "feature_analytics": False,
                "stop_serving_flags": False,
                "persist_trait_data": True,
            },
            "hide_disabled_flags": project["hide_disabled_flags"],
            "segments": [
                shown
                for row in data.rows("segments", project=project["id"])
                for shown in [_segment(data, environment, row)]
                if row["feature"] is None or shown["feature_states"]
            ],
            "enable_realtime_updates": False,
            "server_key_only_feature_ids": [],
        },
        "feature_states": [_document_state(data, state) for state in served(data, environment)],
        "identity_overrides": [],
        "updated_at": environment["updated_at"].isoformat(),
        **{name: environment[name] for name in (*names, *hashing)},
    }


def _segment(data: Database, environment: Row, segment: Row) -> Row:
    links = {row["id"]: row for row in data.rows("feature_segments", segment=segment["id"])}
    rows = latest(data, data.rows("states", environment=environment["id"], identity=None))
    states = [
        {**_document_state(data, row), "feature_segment": {"priority": links[row["feature_segment"]]["priority"]}}
        for row in rows
        if row["feature_segment"] in links
    ]
    rules = [_rule(rule) for rule in segment["rules"]]
    return {"id": segment["id"], "name": segment["name"], "rules": rules, "feature_states": states}


def _rule(rule: Row) -> Row:
    conditions = [
        {"operator": item["operator"], "value": item["value"], "property_": item["property"]}
        for item in rule["conditions"]
    ]
    return {"type": rule["type"], "rules": [_rule(inner) for inner in rule.get("rules", [])], "conditions": conditions}


def _document_state(data: Database, state: Row) -> Row:
    feature = data.get("features", state["feature"])
    options = {row["id"]: row for row in data.rows("options", feature=feature["id"])}
    return {
        "feature": {name: feature[name] for name in ("id", "name", "type")},
        "enabled": state["enabled"],
        "django_id": state["id"],
        "feature_segment": None,
        "featurestate_uuid": state["uuid"],
        "feature_state_value": plain(state["value"]),
        "multivariate_feature_state_values": [
            {
                "multivariate_feature_option": {
                    "value": plain(options[row["multivariate_feature_option"]]),
                    "id": row["multivariate_feature_option"],
                    "key": options[row["multivariate_feature_option"]]["key"],
                },
                "percentage_allocation": row["percentage_allocation"],
                "id": row["id"],
                "mv_fs_value_uuid": row["uuid"],
            }
            for row in data.rows("variants", state=state["id"])
        ],
    }


@sdk.post("/analytics/flags/")
def analytics() -> Any:
    environment = _environment()
    for name, count in body().items():
        database().insert("evaluations", environment=environment["id"], feature=name, count=count)
    return Response("", content_type="")
