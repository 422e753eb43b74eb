"""The project and its environments."""

from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.custom_fields import stored
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_key, new_uuid
from tests.doubles.flagsmith.permissions import sees
from tests.doubles.flagsmith.states import new_state

projects = Blueprint("projects", __name__)
LONGEST_TEXT = 100
HIDE = "hide_disabled_flags"


def new_project(data: Database, name: str) -> Row:
    return data.insert(
        "projects",
        uuid=new_uuid(),
        name=name,
        organisation=1,
        hide_disabled_flags=False,
        enable_dynamo_db=False,
        migration_status="NOT_APPLICABLE",
        use_edge_identities=False,
        prevent_flag_defaults=False,
        enable_realtime_updates=False,
        only_allow_lower_case_feature_names=True,
        feature_name_regex=None,
        show_edge_identity_overrides_for_feature=False,
        stale_flags_limit_days=30,
        edge_v2_migration_status="NOT_STARTED",
        minimum_change_request_approvals=None,
        enforce_feature_owners=False,
    )


def new_environment(data: Database, project: int, name: str, key: str | None = None) -> Row:
    row = data.insert(
        "environments",
        uuid=new_uuid(),
        name=name,
        api_key=key or new_key(),
        description=None,
        project=project,
        minimum_change_request_approvals=None,
        allow_client_traits=True,
        banner_text=None,
        banner_colour=None,
        hide_disabled_flags=None,
        use_mv_v2_evaluation=True,
        use_identity_composite_key_for_hashing=True,
        hide_sensitive_data=False,
        use_v2_feature_versioning=False,
        use_identity_overrides_in_local_eval=True,
        is_creating=False,
        metadata=[],
        updated_at=None,
    )
    for feature in data.rows("features", project=project):
        new_state(data, feature, row["id"])
    data.touch(row["id"])
    return row


def shown(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "updated_at"}


@projects.get("/projects/")
def all_projects() -> Any:
    user()
    return jsonify(database().rows("projects"))


@projects.get("/projects/<int:project>/")
def one_project(project: int) -> Any:
    user()
    return jsonify(database().get("projects", project))


@projects.patch("/projects/<int:project>/")
def change_project(project: int) -> Any:
    user()
    row = database().get("projects", project)
    row.update({key: value for key, value in body().items() if key in row})
    for item in database().rows("environments", project=project):
        database().touch(item["id"])
    return jsonify(row)


@projects.get("/environments/")
def environments() -> Any:
    who, data = user(), database()
    return page(shown(row) for row in data.rows("environments") if sees(data, who, row["id"]))


@projects.post("/environments/")
def add_environment() -> Any:
    maker = user()
    given = body()
    required(given, "name", "project")
    limits.check(given, name=limits.text(limits.NAME))
    given["name"] = str(given["name"]).strip()
    if database().rows("environments", project=given["project"], name=given["name"]):
        raise RefusalError(400, {"non_field_errors": ["An environment with this name already exists."]})
    fields = stored(database(), "environment", given)
    row = new_environment(database(), given["project"], given["name"])
    row["metadata"] = fields
    if maker is not None:
        database().insert("environment_rights", where=row["api_key"], user=maker["id"], permissions=[], admin=True)
    return jsonify(shown(row)), 201


@projects.get("/environments/<key>/")
def environment(key: str) -> Any:
    user()
    row = database().one("environments", api_key=key)
    overrides = [state for state in database().rows("states", environment=row["id"]) if state["feature_segment"]]
    return jsonify({**shown(row), "total_segment_overrides": len(overrides)})


@projects.put("/environments/<key>/")
@projects.patch("/environments/<key>/")
def change_environment(key: str) -> Any:
    user()
    given, found = body(), database().rows("environments", api_key=key)
    if not found:
        raise RefusalError(404, {"detail": "No Environment matches the given query."})
    if request.method == "PUT":
        required(given, "name")
    if "api_key" in given:
        check_text("api_key", given["api_key"])
        if database().rows("environments", api_key=given["api_key"]) not in ([], found):
            raise RefusalError(400, {"api_key": ["environment with this api key already exists."]})
    fields = stored(database(), "environment", given)
    found[0].update({name: given[name] for name in ("api_key", "name", HIDE) if name in given}, metadata=fields)
    database().touch(found[0]["id"])
    return jsonify(shown(found[0]))


def check_text(name: str, value: str | None) -> None:
    """Refuse what is no name: nothing, or too long a text."""
    if value is None:
        raise RefusalError(400, {name: ["This field may not be null."]})
    if not value:
        raise RefusalError(400, {name: ["This field may not be blank."]})
    if len(value) > LONGEST_TEXT:
        raise RefusalError(400, {name: [f"Ensure this field has no more than {LONGEST_TEXT} characters."]})
