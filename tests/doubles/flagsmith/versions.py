"""Environments that keep versions of their flags (v2 feature versioning)."""

from typing import Any

from flask import Blueprint, Response, jsonify

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid, now
from tests.doubles.flagsmith.states import EMPTY, change, new_link, new_state, remove_states

versions = Blueprint("versions", __name__)


@versions.post("/environments/<key>/enable-v2-versioning/")
def enable(key: str) -> Any:
    user()
    row = database().one("environments", api_key=key)
    row["use_v2_feature_versioning"] = True
    for state in database().rows("states", environment=row["id"], identity=None):
        state["environment_feature_version"] = new_uuid()
    return Response("", status=202, content_type="")


@versions.post("/environments/<int:environment>/features/<int:feature>/versions/")
def add_version(environment: int, feature: int) -> Any:
    """A version is a new set of states, with new ids: those of the version before are not shown any more."""
    who = user()
    data, given, row = database(), body(), database().get("features", feature)
    if not data.get("environments", environment)["use_v2_feature_versioning"]:
        raise RefusalError(400, {"environment": ["Environment must use v2 feature versioning."]})
    uuid = new_uuid()
    old = data.rows("states", feature=feature, environment=environment, identity=None)
    copies = [copied(data, row, state, uuid) for state in old]
    for state in old:
        remove_states(data, id=state["id"])
    for item in given.get("feature_states_to_create", []):
        _create(data, row, environment, item, uuid)
    for item in given.get("feature_states_to_update", []):
        _update(data, copies, item)
    for segment in given.get("segment_ids_to_delete_overrides", []):
        for link in data.rows("feature_segments", segment=segment, feature=feature, environment=environment):
            remove_states(data, feature_segment=link["id"])
    data.touch(environment)
    author = who["id"] if who else None
    made = {"created_at": now(), "updated_at": now(), "published": True, "live_from": now(), "uuid": uuid}
    return jsonify({**made, "is_live": True, "published_by": author, "created_by": author, "description": None}), 201


def copied(data: Database, feature: Row, old: Row, version: str) -> Row:
    """A state as a new version has it."""
    link = data.get("feature_segments", old["feature_segment"]) if old["feature_segment"] else None
    made = (
        None if link is None else new_link(data, feature["id"], old["environment"], link["segment"], link["priority"])
    )
    state = new_state(data, feature, old["environment"], made["id"] if made else None)
    kept = {name: old[name] for name in ("value", "enabled")}
    state.update(kept, environment_feature_version=version, version=None, live_from=None)
    for variant in data.rows("variants", state=old["id"]):
        copy = {name: variant[name] for name in ("multivariate_feature_option", "percentage_allocation")}
        data.insert("variants", state=state["id"], uuid=new_uuid(), **copy)
    return state


def _create(data: Database, feature: Row, environment: int, given: Row, version: str) -> None:
    wanted = given["feature_segment"]
    links = data.rows("feature_segments", feature=feature["id"], environment=environment)
    if any(link["segment"] == wanted["segment"] for link in links):
        raise RefusalError(400, {"message": "An unresolvable conflict occurred: segment override already exists"})
    link = new_link(data, feature["id"], environment, wanted["segment"], wanted.get("priority", len(links)))
    state = new_state(data, feature, environment, link["id"])
    state.update(environment_feature_version=version, live_from=None)
    _write(state, given)


def _update(data: Database, copies: list[Row], given: Row) -> None:
    wanted = given.get("feature_segment")
    for state in copies:
        link = data.get("feature_segments", state["feature_segment"]) if state["feature_segment"] else None
        if (link and link["segment"]) == (wanted and wanted["segment"]):
            if link and wanted and "priority" in wanted:
                link["priority"] = wanted["priority"]
            _write(state, given)
            return
    raise RefusalError(400, {"message": "An unresolvable conflict occurred: segment override does not exist"})


def _write(state: Row, given: Row) -> None:
    limits.value(given.get("feature_state_value", {}))
    state["value"] = {**EMPTY, **given.get("feature_state_value", {})}
    change(state, given)
