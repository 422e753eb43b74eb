"""Log-in, organisation, groups and their permissions."""

from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import account, body, database, member, page, required, user
from tests.doubles.flagsmith.database import RefusalError, Row, new_uuid
from tests.doubles.flagsmith.permissions import NO_PERMISSION

people = Blueprint("people", __name__)
PROJECT_PERMISSIONS = {
    "VIEW_PROJECT": "View permission for the given project.",
    "CREATE_ENVIRONMENT": "Ability to create an environment in the given project.",
    "DELETE_FEATURE": "Ability to delete features in the given project.",
    "CREATE_FEATURE": "Ability to create features in the given project.",
    "MANAGE_SEGMENTS": "Ability to manage segments in the given project.",
}
ENVIRONMENT_PERMISSIONS = {
    "VIEW_ENVIRONMENT": "View permission for the given environment.",
    "UPDATE_FEATURE_STATE": "Update the state or value for a given feature state.",
    "MANAGE_IDENTITIES": "Manage identities in the given environment.",
    "VIEW_IDENTITIES": "View identities in the given environment.",
    "MANAGE_SEGMENT_OVERRIDES": "Permission to manage segment overrides in the given environment",
}


@people.post("/auth/login/")
def log_in() -> Any:
    given = body()
    required(given, "email", "password")
    found = database().rows("users", email=given["email"], password=given["password"])
    if not found:
        raise RefusalError(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
    database().logged_in = True
    return jsonify(key=found[0]["token"])


@people.post("/auth/users/")
def sign_up() -> Any:
    """Closed to whoever was not invited, as a deployed stack is."""
    raise RefusalError(403, {"detail": "User registration without an invite is disabled for this installation."})


@people.get("/organisations/")
def organisations() -> Any:
    user()
    name = database().organisation
    return page([{"id": 1, "uuid": new_uuid(), "name": name, "num_seats": 1, "role": "ADMIN", "force_2fa": False}])


@people.post("/organisations/")
def add_organisation() -> Any:
    """For superusers alone, as a deployed stack has it."""
    user()
    raise RefusalError(501, {"detail": "the double has one organisation"})


@people.get("/organisations/1/users/")
def users() -> Any:
    user()
    return jsonify([member(row) for row in database().rows("users")])


@people.get("/organisations/1/groups/")
def groups() -> Any:
    user()
    return page(database().rows("groups"))


@people.post("/organisations/1/groups/")
def add_group() -> Any:
    user()
    given = body()
    required(given, "name")
    limits.check(given, name=limits.text(limits.GROUP))
    row = database().insert(
        "groups",
        name=given["name"].strip(),
        users=[],
        is_default=given.get("is_default", False),
        external_id=given.get("external_id"),
    )
    return jsonify(row), 201


@people.post("/organisations/1/groups/<int:group>/add-users/")
def add_users(group: int) -> Any:
    user()
    row = database().get("groups", group)
    for number in body()["user_ids"]:
        shown = account(database().get("users", number))
        del shown["uuid"]
        row["users"].append({**shown, "group_admin": False})
    return jsonify(row)


@people.post("/organisations/1/groups/<int:group>/remove-users/")
def remove_users(group: int) -> Any:
    user()
    row, gone = database().get("groups", group), body()["user_ids"]
    row["users"] = [member for member in row["users"] if member["id"] not in gone]
    return jsonify(row)


@people.get("/projects/permissions/")
def project_permissions() -> Any:
    return _described(PROJECT_PERMISSIONS)


@people.get("/environments/permissions/")
def environment_permissions() -> Any:
    return _described(ENVIRONMENT_PERMISSIONS)


def _described(known: dict[str, str]) -> Any:
    user()
    return jsonify([{"key": key, "description": text, "supports_tag": False} for key, text in known.items()])


@people.get("/projects/<project>/user-group-permissions/")
def project_grants(project: str) -> Any:
    return _grants("project_grants", project)


@people.post("/projects/<project>/user-group-permissions/")
def grant_project(project: str) -> Any:
    return _grant("project_grants", project, PROJECT_PERMISSIONS)


@people.get("/environments/<environment>/user-group-permissions/")
def environment_grants(environment: str) -> Any:
    return _grants("environment_grants", environment)


@people.post("/environments/<environment>/user-group-permissions/")
def grant_environment(environment: str) -> Any:
    return _grant("environment_grants", environment, ENVIRONMENT_PERMISSIONS)


@people.put("/projects/<project>/user-group-permissions/<int:number>/")
def change_project_grant(project: str, number: int) -> Any:
    return _change_grant("project_grants", project, number, PROJECT_PERMISSIONS)


@people.put("/environments/<environment>/user-group-permissions/<int:number>/")
def change_environment_grant(environment: str, number: int) -> Any:
    return _change_grant("environment_grants", environment, number, ENVIRONMENT_PERMISSIONS)


def _change_grant(table: str, where: str, number: int, known: dict[str, str]) -> Any:
    user()
    given = body()
    _check_permissions(given, known)
    row = database().one(table, id=number, where=where)
    row.update(admin=given["admin"], permissions=[name for name in known if name in given["permissions"]])
    return jsonify(_grant_shown(row))


def _grants(table: str, where: str) -> Any:
    user()
    rows = database().rows(table, where=where)
    return jsonify([{**_grant_shown(row), "group": database().get("groups", row["group"])} for row in rows])


def _grant(table: str, where: str, known: dict[str, str]) -> Any:
    user()
    given = body()
    _check_permissions(given, known)
    values = {key: given[key] for key in ("permissions", "admin", "group")}
    return jsonify(_grant_shown(database().insert(table, where=where, **values))), 201


def _check_permissions(given: Row, known: dict[str, str]) -> None:
    unknown = [name for name in given["permissions"] if name not in known]
    if unknown:
        raise RefusalError(400, {"permissions": [f'Invalid pk "{unknown[0]}" - object does not exist.']})


def _grant_shown(row: Row) -> Row:
    return {key: row[key] for key in ("id", "permissions", "admin", "group")}


@people.get("/audit/")
def audit() -> Any:
    if user() is None:
        raise RefusalError(500, None)
    return page([])


@people.post("/projects/")
def add_project() -> Any:
    user()
    if database().rows("projects"):
        raise RefusalError(403, NO_PERMISSION)
    raise RefusalError(501, {"detail": f"the double's project is made with it, not by {request.path}"})
