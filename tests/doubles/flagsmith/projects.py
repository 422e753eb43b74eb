"""The project, its environments, their keys, and tags."""

from typing import Any

from flask import Blueprint, jsonify

from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_key, new_uuid, now
from tests.doubles.flagsmith.states import new_state

projects = Blueprint("projects", __name__)


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


@projects.get("/environments/")
def environments() -> Any:
    user()
    return page(shown(row) for row in database().rows("environments"))


@projects.post("/environments/")
def add_environment() -> Any:
    user()
    given = body()
    required(given, "name", "project")
    return jsonify(shown(new_environment(database(), given["project"], given["name"]))), 201


@projects.get("/environments/<key>/")
def environment(key: str) -> Any:
    user()
    row = database().one("environments", api_key=key)
    overrides = [state for state in database().rows("states", environment=row["id"]) if state["feature_segment"]]
    return jsonify({**shown(row), "total_segment_overrides": len(overrides)})


@projects.get("/environments/<key>/api-keys/")
def server_keys(key: str) -> Any:
    user()
    number = database().one("environments", api_key=key)["id"]
    return jsonify([_key(row) for row in database().rows("server_keys", environment=number)])


@projects.post("/environments/<key>/api-keys/")
def add_server_key(key: str) -> Any:
    user()
    given = body()
    required(given, "name")
    row = database().insert(
        "server_keys",
        key=f"ser.{new_key()}",
        active=True,
        created_at=now(),
        name=given["name"],
        expires_at=given.get("expires_at"),
        environment=database().one("environments", api_key=key)["id"],
    )
    return jsonify(_key(row)), 201


@projects.delete("/environments/<key>/api-keys/<int:number>/")
def remove_server_key(key: str, number: int) -> Any:
    user()
    database().one("environments", api_key=key)
    database().get("server_keys", number)
    database().remove("server_keys", id=number)
    return "", 204


def _key(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "environment"}


@projects.get("/projects/<int:project>/tags/")
def tags(project: int) -> Any:
    user()
    return page(database().rows("tags", project=project))


@projects.post("/projects/<int:project>/tags/")
def add_tag(project: int) -> Any:
    user()
    given = body()
    required(given, "label", "color")
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
