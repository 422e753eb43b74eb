"""Rights beside those of groups in the project: of one person, of the organisation, keys, and what lets people in."""

from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith.answers import NO_CREDENTIALS, account, body, database, member, page, required, user
from tests.doubles.flagsmith.database import RefusalError, Row, new_key, now

rights = Blueprint("rights", __name__)
SCOPE = "/<any(organisations, projects, environments):scope>/<where>"
GROUPS_OF = {"organisations": "organisation_grants", "projects": "project_grants", "environments": "environment_grants"}
PEOPLE_OF = {"organisations": "organisation_rights", "projects": "project_rights", "environments": "environment_rights"}


MODELS = {"organisation_rights": "UserOrganisationPermission", "invites": "Invite"}


@rights.get(f"{SCOPE}/user-permissions/")
def personal(scope: str, where: str) -> Any:
    user()
    rows = database().rows(PEOPLE_OF[scope], where=where)
    return jsonify([{**_shown(row), "user": account(database().get("users", row["user"]))} for row in rows])


@rights.post(f"{SCOPE}/user-permissions/")
def give(scope: str, where: str) -> Any:
    user()
    given = body()
    required(given, "user")
    row = database().insert(PEOPLE_OF[scope], where=where, user=given["user"], permissions=given.get("permissions", []))
    if scope != "organisations":
        row["admin"] = given.get("admin", False)
    return jsonify(_shown(row)), 201


@rights.delete(f"{SCOPE}/user-permissions/<int:number>/")
def take(scope: str, where: str, number: int) -> Any:
    return _removed(PEOPLE_OF[scope], id=number, where=where)


@rights.delete(f"{SCOPE}/user-group-permissions/<int:number>/")
def take_from_group(scope: str, where: str, number: int) -> Any:
    return _removed(GROUPS_OF[scope], id=number, where=where)


@rights.get("/organisations/1/user-group-permissions/")
def of_groups() -> Any:
    user()
    rows = database().rows("organisation_grants", where="1")
    keys = ("id", "name", "is_default", "external_id")

    def group(number: int) -> Row:
        found = database().get("groups", number)
        return {**{key: found[key] for key in keys}, "users": [one["id"] for one in found["users"]]}

    return jsonify([{**_shown(row), "group": group(row["group"])} for row in rows])


@rights.post("/organisations/1/user-group-permissions/")
def give_group() -> Any:
    user()
    given = body()
    row = database().insert("organisation_grants", where="1", group=given["group"], permissions=given["permissions"])
    return jsonify(_shown(row)), 201


def _shown(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "where"}


def _removed(table: str, **wanted: Any) -> Any:
    user()
    if not database().rows(table, **wanted):
        raise RefusalError(404, {"detail": f"No {MODELS.get(table, table)} matches the given query."})
    database().remove(table, **wanted)
    return "", 204


@rights.post("/organisations/1/users/<int:number>/update-role/")
def change_role(number: int) -> Any:
    user()
    row = database().get("users", number)
    row["role"] = body()["role"]
    return jsonify(member(row))


@rights.post("/organisations/1/groups/<int:group>/users/<int:number>/<any('make-admin', 'remove-admin'):what>")
def change_group_admin(group: int, number: int, what: str) -> Any:
    user()
    for found in database().get("groups", group)["users"]:
        if found["id"] == number:
            found["group_admin"] = what == "make-admin"
            return ""
    raise RefusalError(404, {"detail": "No FFAdminUser matches the given query."})


def _person() -> Row:
    """Who asks; keys are told nothing of keys."""
    found = user()
    if found is None:
        raise RefusalError(401, NO_CREDENTIALS)
    return found


@rights.post("/organisations/1/master-api-keys/")
def add_key() -> Any:
    maker = _person()
    secret = f"{new_key()[:8]}.{new_key()}"
    database().api_keys.add(secret)
    given = body()
    row = database().insert(
        "api_keys",
        prefix=secret[:8],
        created=now(),
        name=given["name"],
        revoked=False,
        expiry_date=None,
        key=None,
        is_admin=given.get("is_admin", True),
        has_expired=False,
        created_by=maker["id"],
    )
    row["id"] = new_key()
    return jsonify({**row, "key": secret}), 201


@rights.get("/organisations/1/master-api-keys/")
def keys() -> Any:
    _person()
    return page({key: value for key, value in row.items() if key != "key"} for row in database().rows("api_keys"))


@rights.delete("/organisations/1/master-api-keys/<prefix>/")
def remove_key(prefix: str) -> Any:
    _person()
    database().one("api_keys", prefix=prefix)
    data = database()
    data.tables["api_keys"] = {
        number: row for number, row in data.tables["api_keys"].items() if row["prefix"] != prefix
    }
    data.api_keys = {secret for secret in data.api_keys if not secret.startswith(f"{prefix}.")}
    return "", 204


@rights.get("/organisations/1/trust-relationships/")
def trusted() -> Any:
    _person()
    return page(database().rows("trust_relationships"))


@rights.post("/organisations/1/trust-relationships/")
def trust() -> Any:
    maker, given = _person(), body()
    required(given, "name", "issuer", "audience", "is_admin")
    row = database().insert(
        "trust_relationships",
        name=given["name"],
        issuer=given["issuer"],
        audience=given["audience"],
        claim_rules=given.get("claim_rules", []),
        is_admin=given["is_admin"],
        master_api_key_id=new_key(),
        master_api_key_prefix=new_key()[:8],
        created_at=now(),
        created_by=maker["id"],
    )
    return jsonify(row), 201


@rights.delete("/organisations/1/trust-relationships/<int:number>/")
def trust_no_more(number: int) -> Any:
    _person()
    return _removed("trust_relationships", id=number)


@rights.get("/organisations/1/invites/")
def invitations() -> Any:
    user()
    return page(database().rows("invites"))


@rights.post("/organisations/1/invites/")
def invite() -> Any:
    user()
    required(body(), "email")
    raise RefusalError(400, {"detail": "Please upgrade your plan to add additional seats/users"})


@rights.post("/organisations/1/invite/")
def invite_some() -> Any:
    """By the older path, which asks for no seat."""
    maker = user()
    made = [
        database().insert(
            "invites",
            email=given["email"],
            date_created=now(),
            invited_by=maker and member(maker),
            permission_groups=given.get("permission_groups", []),
        )
        for given in body()["invites"]
    ]
    return jsonify(made), 201


@rights.delete("/organisations/1/invites/<int:number>/")
def withdraw(number: int) -> Any:
    return _removed("invites", id=number)


@rights.get("/organisations/1/invite-links/")
def links() -> Any:
    user()
    return jsonify(database().rows("invite_links"))


@rights.post("/organisations/1/invite-links/")
def add_link() -> Any:
    user()
    given = request.get_json(silent=True) or {}
    row = database().insert(
        "invite_links", hash=new_key(), date_created=now(), role=given.get("role", "USER"), expires_at=None
    )
    return jsonify(row), 201


@rights.delete("/organisations/1/invite-links/<int:number>/")
def remove_link(number: int) -> Any:
    return _removed("invite_links", id=number)
