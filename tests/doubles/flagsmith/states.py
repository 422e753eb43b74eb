"""The states of features in environments: the environment's own, and those of segments."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid, now

states = Blueprint("states", __name__)
EMPTY = {"type": "unicode", "string_value": None, "integer_value": None, "boolean_value": None}
FIELDS = {"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}
KINDS: Mapping[type, str] = {bool: "bool", int: "int", str: "unicode"}
ALL = 100.0
LARGEST = 2**31 - 1
TRUTHS = {"true": True, "True": True, "false": False, "False": False}
VERSIONED = {
    "detail": "This environment uses v2 feature versioning. Use the environment feature version endpoint instead."
}


def new_state(data: Database, feature: Row, environment: int, segment: int | None = None) -> Row:
    gives_values = not data.get("projects", feature["project"])["prevent_flag_defaults"]
    return data.insert(
        "states",
        value=typed(first_value(feature["initial_value"]) if gives_values else None),
        identity=None,
        deleted_at=None,
        uuid=new_uuid(),
        enabled=feature["default_enabled"] and gives_values,
        created_at=now(),
        updated_at=now(),
        live_from=now(),
        version=1,
        feature=feature["id"],
        environment=environment,
        feature_segment=segment,
        change_request=None,
        environment_feature_version=None,
    )


def new_link(data: Database, feature: int, environment: int, segment: int, priority: int) -> Row:
    values = {"segment": segment, "priority": priority, "environment": environment, "feature": feature}
    return data.insert("feature_segments", uuid=new_uuid(), **values)


def remove_states(data: Database, **wanted: Any) -> None:
    for state in data.rows("states", **wanted):
        data.remove("variants", state=state["id"])
        data.remove("feature_segments", id=state["feature_segment"])
        data.remove("states", id=state["id"])


def typed(value: object) -> Row:
    """A value as the API keeps it."""
    if value is None:
        return dict(EMPTY)
    kind = KINDS[type(value)]
    return {**EMPTY, "type": kind, FIELDS[kind]: value}


def first_value(text: object) -> object:
    """A feature's first value is kept as a text, and each state gets what the text looks like."""
    if text is None:
        return None
    said = str(text)
    try:
        number = int(said)
    except ValueError:
        return TRUTHS.get(said, said)
    return number if abs(number) < LARGEST else said


def trimmed(values: Row) -> Row:
    """Texts without blanks at their ends, as Flagsmith's serializers keep them."""
    return {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}


def plain(value: Row) -> Any:
    return value[FIELDS[value["type"]]]


def shown(data: Database, row: Row, *, is_typed: bool = False) -> Row:
    found = {key: value for key, value in row.items() if key != "value"}
    found["feature_state_value"] = row["value"] if is_typed else plain(row["value"])
    found["multivariate_feature_state_values"] = [
        {key: item[key] for key in ("id", "multivariate_feature_option", "percentage_allocation")}
        for item in data.rows("variants", state=row["id"])
    ]
    return found


def _environment(key: str) -> Row:
    row = database().one("environments", api_key=key)
    if row["use_v2_feature_versioning"] and request.method != "GET":
        raise RefusalError(400, VERSIONED)
    return row


@states.get("/environments/<key>/featurestates/")
def own_states(key: str) -> Any:
    user()
    rows = database().rows("states", environment=_environment(key)["id"], feature_segment=None, identity=None)
    if "feature" in request.args:
        rows = [row for row in rows if row["feature"] == int(request.args["feature"])]
    return page([shown(database(), row) for row in rows])


@states.get("/features/featurestates/")
def all_states() -> Any:
    user()
    if "environment" not in request.args:
        raise RefusalError(400, {"environment": ["This field is required."]})
    wanted = {"environment": int(request.args["environment"])}
    if "feature" in request.args:
        wanted["feature"] = int(request.args["feature"])
        if wanted["feature"] not in database().tables["features"]:
            text = "Select a valid choice. That choice is not one of the available choices."
            raise RefusalError(400, {"feature": [text]})
    rows = latest(database(), database().rows("states", identity=None, **wanted))
    rows += [row for row in database().rows("states", **wanted) if row["identity"]]
    return page([shown(database(), row, is_typed=True) for row in rows])


def latest(data: Database, rows: list[Row]) -> list[Row]:
    """Of several overrides of a feature for one segment only the last one made is shown and served."""
    found: dict[tuple[int, int | None], Row] = {}
    for row in rows:
        link = row["feature_segment"]
        segment = data.get("feature_segments", link)["segment"] if link else None
        found.pop((row["feature"], segment), None)
        found[row["feature"], segment] = row
    return list(found.values())


@states.patch("/environments/<key>/featurestates/<int:number>/")
@states.put("/environments/<key>/featurestates/<int:number>/")
def change_state(key: str, number: int) -> Any:
    user()
    environment, given = _environment(key), body()
    row = database().one("states", id=number, environment=environment["id"])
    if request.method == "PUT":
        required(given, "enabled", "feature")
    if "feature_state_value" in given:
        limits.value(typed(given["feature_state_value"]))
        row["value"] = typed(given["feature_state_value"])
    change(row, given)
    database().touch(environment["id"])
    if request.method == "PATCH":
        return jsonify({"feature": row["feature"], **{name: row[name] for name in ("enabled",) if name in given}})
    return jsonify(shown(database(), row))


@states.put("/features/featurestates/<int:number>/")
@states.patch("/features/featurestates/<int:number>/")
def change_override(number: int) -> Any:
    user()
    row, given = database().get("states", number), body()
    if database().get("environments", row["environment"])["use_v2_feature_versioning"]:
        raise RefusalError(400, VERSIONED)
    if "feature" not in given or "environment" not in given:
        raise RefusalError(500, None)  # the real one takes a whole state only
    if "feature_state_value" in given:
        limits.value(given["feature_state_value"])
        row["value"] = trimmed({**EMPTY, **given["feature_state_value"]})
    change(row, given)
    database().touch(row["environment"])
    return jsonify(shown(database(), row, is_typed=True))


def change(row: Row, given: Row) -> None:
    data = database()
    wanted = given.get("multivariate_feature_state_values", [])
    for item in wanted:
        limits.check(item, percentage_allocation=limits.share)
    if sum(float(item["percentage_allocation"]) for item in wanted) > ALL:
        raise RefusalError(400, {"non_field_errors": ["Multivariate percentage values exceed 100%."]})
    row["enabled"] = given.get("enabled", row["enabled"])
    row["updated_at"] = now()
    for item in wanted:
        share = float(item["percentage_allocation"])
        option = item["multivariate_feature_option"]
        found = data.rows("variants", state=row["id"], multivariate_feature_option=option)
        if found:
            found[0]["percentage_allocation"] = share
        else:
            data.insert(
                "variants",
                state=row["id"],
                multivariate_feature_option=option,
                percentage_allocation=share,
                uuid=new_uuid(),
            )


@states.post("/environments/<key>/features/<int:number>/create-segment-override/")
def add_override(key: str, number: int) -> Any:
    user()
    data, environment, given = database(), _environment(key), body()
    required(given, "feature_segment")
    feature, segment = data.get("features", number), data.get("segments", given["feature_segment"]["segment"])
    siblings = data.rows("feature_segments", feature=number, environment=environment["id"])
    last = max((link["priority"] for link in siblings), default=-1)
    priority = given["feature_segment"].get("priority", last + 1)
    link = new_link(data, number, environment["id"], segment["id"], priority)
    row = new_state(data, feature, environment["id"], link["id"])
    limits.value(given.get("feature_state_value", {}))
    row["value"] = trimmed({**row["value"], **given.get("feature_state_value", {})})
    change(row, given)
    data.touch(environment["id"])
    found = {name: value for name, value in shown(data, row, is_typed=True).items() if name not in _UNSAID}
    kept = {name: link[name] for name in ("id", "segment", "priority", "uuid")}
    return jsonify({**found, "feature_segment": kept}), 201


_UNSAID = ("version", "environment_feature_version")


@states.get("/features/feature-segments/")
def feature_segments() -> Any:
    user()
    wanted = {name: int(request.args[name]) for name in ("environment", "feature") if name in request.args}
    rows = sorted(database().rows("feature_segments", **wanted), key=lambda row: int(row["priority"]))
    return page([_link(row) for row in rows])


@states.post("/features/feature-segments/update-priorities/")
def update_priorities() -> Any:
    user()
    data, changed = database(), []
    for item in body():
        row = data.get("feature_segments", item["id"])
        row["priority"] = item["priority"]
        data.touch(row["environment"])
        changed.append(row)
    return jsonify([_link(row) for row in sorted(changed, key=lambda row: int(row["id"]))])


@states.delete("/features/feature-segments/<int:number>/")
def remove_override(number: int) -> Any:
    user()
    data = database()
    row = data.get("feature_segments", number)
    remove_states(data, feature_segment=number)
    data.touch(row["environment"])
    return "", 204


def _link(row: Row) -> Row:
    segment = database().get("segments", row["segment"])
    found = {name: value for name, value in row.items() if name != "feature"}
    return {**found, "segment_name": segment["name"], "is_feature_specific": segment["feature"] is not None}
