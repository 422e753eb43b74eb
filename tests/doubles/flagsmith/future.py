"""The experimental endpoint that reads and sets a feature in an environment, its overrides and their order included."""

from typing import Any

from flask import Blueprint, abort, g, jsonify

from tests.doubles.flagsmith.answers import body, database, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid
from tests.doubles.flagsmith.future_checks import TYPES, refused
from tests.doubles.flagsmith.states import EMPTY, FIELDS, latest, new_link, new_state, plain, remove_states
from tests.doubles.flagsmith.versions import copied

future = Blueprint("future", __name__)
PATH = "/environments/<key>/features/<int:number>/"
SINCE = (2, 263, 0)
NAMES = {kind: name for name, kind in TYPES.items()}


@future.before_request
def _is_known() -> None:
    """Older releases do not know these paths."""
    if tuple(map(int, g.version.split("."))) < SINCE:
        abort(404)


@future.get(PATH)
def read(key: str, number: int) -> Any:
    return jsonify(_shown(*_found(key, number)))


@future.patch(PATH)
def change(key: str, number: int) -> Any:
    return _write(key, number, is_whole=False)


@future.put(PATH)
def replace(key: str, number: int) -> Any:
    return _write(key, number, is_whole=True)


@future.delete(f"{PATH}segment-overrides/<int:segment>/")
def remove(key: str, number: int, segment: int) -> Any:
    environment, feature = _found(key, number)
    if segment not in _overrides(database(), environment, feature):
        raise RefusalError(404, {"detail": "Segment override not found."})
    _version(environment, feature)
    _remove(_overrides(database(), environment, feature)[segment])
    database().touch(environment["id"])
    return jsonify(_shown(environment, feature))


def _found(key: str, number: int) -> tuple[Row, Row]:
    user()
    environment = database().one("environments", api_key=key)
    return environment, database().one("features", id=number, project=environment["project"])


def _states(data: Database, environment: Row, feature: Row) -> list[Row]:
    return latest(data, data.rows("states", environment=environment["id"], feature=feature["id"], identity=None))


def _overrides(data: Database, environment: Row, feature: Row) -> dict[int, Row]:
    rows = [row for row in _states(data, environment, feature) if row["feature_segment"]]
    return {data.get("feature_segments", row["feature_segment"])["segment"]: row for row in rows}


def _own(data: Database, environment: Row, feature: Row) -> Row:
    return next(row for row in _states(data, environment, feature) if not row["feature_segment"])


def _shown(environment: Row, feature: Row) -> Row:
    data = database()
    overrides = [
        {"segment": {"id": segment}, "priority": data.get("feature_segments", row["feature_segment"])["priority"]}
        | _state_shown(row)
        for segment, row in _overrides(data, environment, feature).items()
    ]
    return {
        "environment_default": _state_shown(_own(data, environment, feature)),
        "segment_overrides": sorted(overrides, key=lambda row: (row["priority"], row["segment"]["id"])),
    }


def _state_shown(row: Row) -> Row:
    value = plain(row["value"])
    text = str(value).lower() if isinstance(value, bool) else str(value)
    variants = sorted(
        database().rows("variants", state=row["id"]), key=lambda item: int(item["multivariate_feature_option"])
    )
    return {
        "enabled": row["enabled"],
        "value": None if value is None else {"type": NAMES[row["value"]["type"]], "value": text},
        "variants": [
            {"id": item["multivariate_feature_option"], "weight": item["percentage_allocation"]} for item in variants
        ],
    }


def _write(key: str, number: int, *, is_whole: bool) -> Any:
    user()
    given, data = body(), database()
    if not isinstance(given, dict):
        raise RefusalError(400, ["Expected an object."])
    environment, feature = _found(key, number)
    errors = dict(refused(feature, given, is_whole=is_whole))
    if errors:
        raise RefusalError(400, errors)
    if not (given if is_whole else any(given.values())):
        return jsonify(_shown(environment, feature))
    _check_priorities(environment, feature, given, is_whole=is_whole)
    _version(environment, feature)
    own = _own(data, environment, feature)
    if "environment_default" in given:
        _set(own, given["environment_default"], dict(EMPTY), False, is_whole=is_whole)
    if "segment_overrides" in given:
        _write_overrides(environment, feature, given["segment_overrides"], own, is_whole=is_whole)
    data.touch(environment["id"])
    return jsonify(_shown(environment, feature))


def _write_overrides(environment: Row, feature: Row, wanted: list[Row], own: Row, *, is_whole: bool) -> None:
    data = database()
    there = _overrides(data, environment, feature)
    if is_whole:
        for segment in there.keys() - {item["segment"]["id"] for item in wanted}:
            _remove(there[segment])
    for position, item in enumerate(wanted):
        segment, row = item["segment"]["id"], there.get(item["segment"]["id"])
        is_new = row is None
        if row is None:
            link = new_link(data, feature["id"], environment["id"], segment, item.get("priority", position))
            row = new_state(data, feature, environment["id"], link["id"])
            row.update(environment_feature_version=own["environment_feature_version"])
            if environment["use_v2_feature_versioning"]:
                row["live_from"] = None
        elif "priority" in item:
            data.get("feature_segments", row["feature_segment"])["priority"] = item["priority"]
        _set(row, item, dict(own["value"]), own["enabled"], is_whole=is_whole or is_new, of=own)


def _set(row: Row, given: Row, value: Row, enabled: bool, *, is_whole: bool, of: Row | None = None) -> None:
    """Set what is given; what a whole one leaves out is reset: to nothing, or of an override to the environment's.

    When a state was changed is not written: the real one saves the fields alone.
    """
    data = database()
    if "enabled" in given or is_whole:
        row["enabled"] = given.get("enabled", enabled)
    if "value" in given:
        kind, text = given["value"]["type"], given["value"]["value"].strip()
        parsed = int(text) if kind == "integer" else text.lower() == "true" if kind == "boolean" else text
        row["value"] = {**EMPTY, "type": TYPES[kind], FIELDS[TYPES[kind]]: parsed}
    elif is_whole:
        row["value"] = value
    variants = given.get("variants")
    if variants is None and is_whole and of is not None:
        variants = _state_shown(of)["variants"]
    for item in variants or []:
        wanted = {"state": row["id"], "multivariate_feature_option": item["id"]}
        found = data.rows("variants", **wanted)
        if found:
            found[0]["percentage_allocation"] = float(item["weight"])
        else:
            data.insert("variants", **wanted, percentage_allocation=float(item["weight"]), uuid=new_uuid())


def _remove(row: Row) -> None:
    database().remove("variants", state=row["id"])
    database().remove("feature_segments", id=row["feature_segment"])
    database().remove("states", id=row["id"])


def _version(environment: Row, feature: Row) -> None:
    """A version is a new set of states, with new ids: those of the version before are not shown any more."""
    if not environment["use_v2_feature_versioning"]:
        return
    data, uuid = database(), new_uuid()
    for old in _states(data, environment, feature):
        copied(data, feature, old, uuid)
        remove_states(data, id=old["id"])


def _check_priorities(environment: Row, feature: Row, given: Row, *, is_whole: bool) -> None:
    """Refuse a write after which two overrides would have one priority; the real one undoes it then."""
    if "segment_overrides" not in given:
        return
    data, after = database(), {}
    named = {item["segment"]["id"] for item in given["segment_overrides"]}
    for segment, row in _overrides(data, environment, feature).items():
        if not is_whole or segment in named:
            after[segment] = data.get("feature_segments", row["feature_segment"])["priority"]
    for position, item in enumerate(given["segment_overrides"]):
        segment = item["segment"]["id"]
        after[segment] = item.get("priority", after.get(segment, position))
    counted = list(after.values())
    doubled = sorted(priority for priority in set(counted) if counted.count(priority) > 1)
    if doubled:
        raise RefusalError(400, {"detail": f"Duplicate priority: {doubled[0]}."})
