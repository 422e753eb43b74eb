"""What a person who is no administrator may do, as a Flagsmith 2.265.0 was seen to decide by groups' permissions."""

import re
from collections.abc import Iterator

from flask import request

from tests.doubles.flagsmith.database import Database, RefusalError, Row

NO_PERMISSION = {"detail": "You do not have permission to perform this action."}
NO_PRIVILEGES = {"detail": "User does not have sufficient privileges to perform this action"}
OVERRIDES = re.compile(r"/(create-segment-override|feature-segments)(/|$)")
STATES = re.compile(r"/featurestates/")
OF_ORGANISATION = re.compile(r"/organisations/\d+/")
OF_THE_ORGANISATION_ALONE = re.compile(
    r"/organisations/\d+/(invites|invite-links|user-permissions|user-group-permissions)/"
)
FOR_ADMINS = re.compile(r"/(api-keys|user-permissions|user-group-permissions|identities)/")
SEGMENTS = re.compile(r"/projects/\d+/segments/")
OF_PROJECT = re.compile(r"/projects/\d+/")
NO_PROJECT = {"detail": "No Project matches the given query."}


def check(data: Database, who: Row) -> None:
    """Refuse what is asked, if it is not for this person."""
    grants = list(_grants(data, who, "project"))
    path, is_reading = request.path, request.method == "GET"
    if any(grant["admin"] for grant in grants) and not OF_ORGANISATION.search(path):
        return
    if OF_THE_ORGANISATION_ALONE.search(path):
        raise RefusalError(403, NO_PRIVILEGES)
    if OF_ORGANISATION.search(path) or FOR_ADMINS.search(path):
        raise RefusalError(403, NO_PERMISSION)
    in_project = {name for grant in grants for name in grant["permissions"]}
    wanted = "UPDATE_FEATURE_STATE" if STATES.search(path) else "MANAGE_SEGMENT_OVERRIDES"
    if is_reading and OF_PROJECT.search(path) and "VIEW_PROJECT" not in in_project:
        is_hidden = path.endswith("/features/") or "MANAGE_SEGMENTS" in in_project
        raise RefusalError(404, NO_PROJECT) if is_hidden else RefusalError(403, NO_PERMISSION)
    if is_reading and path.endswith("/features/featurestates/"):
        is_allowed = sees(data, who, int(request.args["environment"]))
    elif is_reading:
        is_allowed = True
    elif SEGMENTS.search(path):
        is_allowed = "MANAGE_SEGMENTS" in in_project
    elif OVERRIDES.search(path) or STATES.search(path):
        here = _environment(data)
        is_allowed = wanted in {
            name
            for grant in _grants(data, who, "environment")
            if grant["where"] == here
            for name in grant["permissions"]
        }
    else:
        is_allowed = False
    if not is_allowed:
        raise RefusalError(403, NO_PERMISSION)


def sees(data: Database, who: Row | None, environment: int) -> bool:
    """Whether somebody may see an environment; an organisation's key, which is None, sees all."""
    if who is None or who["role"] == "ADMIN":
        return True
    key = data.get("environments", environment)["api_key"]
    given = list(_grants(data, who, "project"))
    given += [grant for grant in _grants(data, who, "environment") if grant["where"] == key]
    return any(grant["admin"] or "VIEW_ENVIRONMENT" in grant["permissions"] for grant in given)


def _grants(data: Database, who: Row, scope: str) -> Iterator[Row]:
    """What is given to a person, and to the groups that he is in."""
    yield from data.rows(f"{scope}_rights", user=who["id"])
    for grant in data.rows(f"{scope}_grants"):
        if any(member["id"] == who["id"] for member in data.get("groups", grant["group"])["users"]):
            yield grant


def _environment(data: Database) -> str:
    """The key of the environment that is written to."""
    arguments = request.view_args or {}
    if "key" in arguments:
        return str(arguments["key"])
    given = request.get_json(silent=True)
    if "number" in arguments:
        table = "states" if STATES.search(request.path) else "feature_segments"
        number = data.get(table, arguments["number"])["environment"]
    else:
        number = data.get("feature_segments", (given or [{}])[0].get("id"))["environment"]
    return str(data.get("environments", number)["api_key"])
