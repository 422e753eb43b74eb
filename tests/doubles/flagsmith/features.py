"""Features and the options of multivariate ones."""

import re
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith import limits
from tests.doubles.flagsmith.answers import body, database, page, required, user
from tests.doubles.flagsmith.custom_fields import stored
from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid, now
from tests.doubles.flagsmith.states import new_state, remove_states, trimmed

features = Blueprint("features", __name__)
CHANGEABLE = ("name", "description", "tags", "is_archived", "is_server_key_only", "owners")
ALL = 100.0


def shown(data: Database, row: Row, *, listed: bool = False, changed: bool = False) -> Row:
    """A feature as its list shows it (`listed`), as its change answers (`changed`), or as its making does."""
    found = {
        **{key: value for key, value in row.items() if key not in ("multivariate_options",)},
        "multivariate_options": [option_shown(item) for item in data.rows("options", feature=row["id"])],
        "environment_feature_state": None,
        "segment_feature_state": None,
        "num_segment_overrides": 0,
        "num_identity_overrides": None,
        "is_num_identity_overrides_complete": True,
        "last_modified_in_any_environment": None,
        "last_modified_in_current_environment": None,
        "metadata": row.get("metadata", []),
    }
    environment = request.args.get("environment")
    if environment is not None:
        here = data.rows("states", feature=row["id"], environment=int(environment), identity=None)
        found["num_segment_overrides"] = sum(1 for state in here if state["feature_segment"])
    if listed or changed:
        found["code_references_counts"] = []
    if changed:
        del found["is_num_identity_overrides_complete"]
    return found


def owner_shown(row: Row) -> Row:
    names = {"first_name": "", "last_name": "", "last_login": now(), "uuid": new_uuid()}
    return {"id": row["id"], "email": row["email"], **names}


def option_shown(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "feature"}


@features.get("/projects/<int:project>/features/")
def list_features(project: int) -> Any:
    user()
    rows = database().rows("features", project=project)
    if request.args.get("is_archived"):
        wanted = request.args["is_archived"] == "true"
        rows = [row for row in rows if row["is_archived"] == wanted]
    if request.args.get("search"):
        rows = [row for row in rows if request.args["search"].lower() in row["name"].lower()]
    return page([shown(database(), row, listed=True) for row in rows])


@features.post("/projects/<int:project>/features/")
def add_feature(project: int) -> Any:
    who = user()
    data, given = database(), trimmed(body())
    required(given, "name")
    longest = limits.text(limits.FEATURE_VALUE, may_be_blank=True, may_be_null=True)
    first = given.get("initial_value")
    written = {**given, "initial_value": str(first) if first else first}
    limits.check(written, name=limits.text(limits.NAME), initial_value=longest)
    _is_allowed(data.get("projects", project), given)
    _is_new(data, project, given["name"])
    fields = stored(data, "feature", given)
    row = data.insert(
        "features",
        name=given["name"],
        type=given.get("type", "STANDARD"),
        default_enabled=given.get("default_enabled", False),
        initial_value=given.get("initial_value"),
        created_date=now(),
        description=given.get("description"),
        tags=given.get("tags", []),
        is_archived=given.get("is_archived", False),
        owners=[owner_shown(who)] if who else [],
        group_owners=[],
        uuid=new_uuid(),
        project=project,
        is_server_key_only=given.get("is_server_key_only", False),
        metadata=fields,
    )
    for environment in data.rows("environments", project=project):
        new_state(data, row, environment["id"])
        data.touch(environment["id"])
    row["initial_value"] = None if row["initial_value"] is None else str(row["initial_value"])  # which it is kept as
    for option in given.get("multivariate_options", []):
        _add_option(data, row, {**option, "key": None})  # the real one drops it here
    return jsonify(shown(data, row)), 201


def _is_allowed(project: Row, given: Row) -> None:
    """Refuse what the project's own rules refuse."""
    expression = project["feature_name_regex"]
    if expression and re.match(f"^{expression}$", given["name"]) is None:
        raise RefusalError(400, {"name": [f"Feature name must match regex: {expression}"]})
    if project["enforce_feature_owners"] and not given.get("owners") and not given.get("group_owners"):
        said = "This project requires at least one owner or group owner when creating a feature."
        raise RefusalError(400, {"non_field_errors": [said]})


def _is_new(data: Database, project: int, name: str, besides: int | None = None) -> None:
    rows = data.rows("features", project=project)
    if any(row["name"].lower() == name.lower() and row["id"] != besides for row in rows):
        message = (
            "Feature with that name already exists for this project. Note that feature names are case insensitive."
        )
        raise RefusalError(400, {"name": [message]})


@features.get("/projects/<int:project>/features/<int:number>/")
def one_feature(project: int, number: int) -> Any:
    user()
    return jsonify(shown(database(), database().one("features", id=number, project=project), listed=True))


@features.patch("/projects/<int:project>/features/<int:number>/")
@features.put("/projects/<int:project>/features/<int:number>/")
def change_feature(project: int, number: int) -> Any:
    user()
    data, given = database(), trimmed(body())
    row = data.one("features", id=number, project=project)
    row.update({key: given[key] for key in CHANGEABLE if key in given}, metadata=stored(data, "feature", given))
    for environment in data.rows("environments", project=project):
        data.touch(environment["id"])
    return jsonify(shown(data, row, changed=True))


@features.delete("/projects/<int:project>/features/<int:number>/")
def remove_feature(project: int, number: int) -> Any:
    user()
    data = database()
    data.one("features", id=number, project=project)
    remove_states(data, feature=number)
    data.remove("options", feature=number)
    data.remove("features", id=number)
    for environment in data.rows("environments", project=project):
        data.touch(environment["id"])
    return "", 204


@features.get("/projects/<int:project>/features/<int:number>/mv-options/")
def options(project: int, number: int) -> Any:
    user()
    database().one("features", id=number, project=project)
    return page(database().rows("options", feature=number))


@features.post("/projects/<int:project>/features/<int:number>/mv-options/")
def add_option(project: int, number: int) -> Any:
    user()
    row = database().one("features", id=number, project=project)
    return jsonify(_add_option(database(), row, body())), 201


@features.put("/projects/<int:project>/features/<int:number>/mv-options/<int:option>/")
@features.patch("/projects/<int:project>/features/<int:number>/mv-options/<int:option>/")
def change_option(project: int, number: int, option: int) -> Any:
    user()
    database().one("features", id=number, project=project)
    row = database().one("options", id=option, feature=number)
    given = body()
    _check_option(given)
    share = float(given.get("default_percentage_allocation", row["default_percentage_allocation"]))
    _fits(database(), number, share, besides=option)
    if "feature" not in given or "default_percentage_allocation" not in given:
        raise RefusalError(500, None)  # the real one takes a whole option only
    values = ("type", "string_value", "integer_value", "boolean_value", "key")
    row.update({key: given[key] for key in values if key in given}, default_percentage_allocation=share)
    return jsonify(row)


@features.delete("/projects/<int:project>/features/<int:number>/mv-options/<int:option>/")
def remove_option(project: int, number: int, option: int) -> Any:
    user()
    database().one("features", id=number, project=project)
    database().one("options", id=option, feature=number)
    database().remove("variants", multivariate_feature_option=option)
    database().remove("options", id=option)
    return "", 204


def _add_option(data: Database, feature: Row, given: Row) -> Row:
    _check_option(given)
    share = float(given.get("default_percentage_allocation", ALL))
    _fits(data, feature["id"], share)
    if given.get("key") == "control":
        raise RefusalError(400, {"key": ['"control" is a reserved variant key.']})
    if given.get("key") and data.rows("options", feature=feature["id"], key=given["key"]):
        message = "Multivariate option with this key already exists for the feature."
        raise RefusalError(400, {"key": [message]})
    row = data.insert(
        "options",
        uuid=new_uuid(),
        type=given.get("type", "unicode"),
        integer_value=given.get("integer_value"),
        string_value=given.get("string_value"),
        boolean_value=given.get("boolean_value"),
        default_percentage_allocation=share,
        key=given.get("key"),
        feature=feature["id"],
    )
    feature["type"] = "MULTIVARIATE"
    for state in data.rows("states", feature=feature["id"], feature_segment=None):
        data.insert(
            "variants",
            state=state["id"],
            multivariate_feature_option=row["id"],
            percentage_allocation=share,
            uuid=new_uuid(),
        )
    return row


def _check_option(given: Row) -> None:
    limits.value(given)
    limits.check(given, key=limits.slug, default_percentage_allocation=limits.share)


def _fits(data: Database, feature: int, share: float, besides: int | None = None) -> None:
    """Of all options together; and of a new one, which all environments get, with what they have in each."""
    refusal = RefusalError(400, {"default_percentage_allocation": ["Invalid percentage allocation"]})
    others = [row for row in data.rows("options", feature=feature) if row["id"] != besides]
    if added(row["default_percentage_allocation"] for row in others) + share > ALL:
        raise refusal
    for state in data.rows("states", feature=feature, feature_segment=None, identity=None) if besides is None else ():
        there = data.rows("variants", state=state["id"])
        if added(row["percentage_allocation"] for row in there) > ALL - share:
            raise refusal


def added(shares: Iterable[float]) -> float:
    """A sum as PostgreSQL makes it: one float after another."""
    total = 0.0
    for share in shares:
        total += share
    return total
