"""Every way to have a right beside the groups of a catalogue, as somebody with rights enough gives it."""

from collections.abc import Callable
from typing import Any

from flagops.flagsmith_api.connect import Connection

EVE = "eve@example.com"
GIVEN: dict[str, tuple[str, dict[str, Any], str]] = {
    "in the project": ("projects/1/user-permissions/", {"user": 2, "permissions": ["VIEW_PROJECT"]}, EVE),
    "in an environment": ("environments/{key}/user-permissions/", {"user": 2, "admin": True}, EVE),
    "of the organisation": ("organisations/1/user-permissions/", {"user": 2, "permissions": ["CREATE_PROJECT"]}, EVE),
    "as its administrator": ("organisations/1/users/2/update-role/", {"role": "ADMIN"}, EVE),
    "over a group": ("organisations/1/groups/{viewers}/users/2/make-admin", {}, EVE),
    "as a group of others": (
        "projects/1/user-group-permissions/",
        {"group": "{other}", "admin": True, "permissions": []},
        "group other",
    ),
    "as a group in an environment": (
        "environments/{key}/user-group-permissions/",
        {"group": "{other}", "admin": False, "permissions": ["UPDATE_FEATURE_STATE"]},
        "group other",
    ),
    "as a group in the organisation": (
        "organisations/1/user-group-permissions/",
        {"group": "{viewers}", "permissions": ["MANAGE_USER_GROUPS"]},
        "group viewers",
    ),
    "by a key": ("organisations/1/master-api-keys/", {"name": "spare"}, "API key spare ("),
    "by a provider": (
        "organisations/1/trust-relationships/",
        {"name": "ci", "issuer": "https://ci.example.com", "audience": "x", "is_admin": True},
        "trust relationship ci (",
    ),
    "by a link": ("organisations/1/invite-links/", {"role": "ADMIN"}, "invite link 1"),
    "by an invitation": (
        "organisations/1/invite/",
        {"invites": [{"email": "Stranger@example.com", "role": "ADMIN"}]},
        "invitation of stranger@example.com",
    ),
}


def giver(connection: Connection) -> Callable[[str], str]:
    """What gives a right in one of these ways, and says whose it is; Eve is a viewer, and there is another group."""
    client, organisation = connection.client, "/api/v1/organisations/1"
    (viewers,) = [row["id"] for row in client.pages(f"{organisation}/groups/") if row["name"] == "viewers"]
    client.post(f"{organisation}/groups/{viewers}/add-users/", {"user_ids": [2]})
    other = client.post(f"{organisation}/groups/", {"name": "other"})["id"]
    names = {"{key}": connection.environment("staging").key, "{viewers}": str(viewers), "{other}": str(other)}

    def give(way: str) -> str:
        where, body, title = GIVEN[way]
        for name, value in names.items():
            where = where.replace(name, value)
            body = {key: int(value) if item == name else item for key, item in body.items()}
        client.post(f"/api/v1/{where}", body)
        return title

    return give
