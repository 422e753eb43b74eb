"""The audit log. The open-source edition keeps it and shows nothing of it; the double shows it where it is told to."""

import re
from typing import Any

from flask import Blueprint, Response, request

from tests.doubles.flagsmith.answers import database, page, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row, now

audit = Blueprint("audit", __name__)
STATE = "Flag state updated for feature: {0}"
CHANGES = (
    (r"/api/v1/(?:environments/[^/]+/)?(?:features/)?featurestates/(?P<state>\d+)/", STATE),
    (r"/api/__future__/environments/(?P<key>[^/]+)/features/(?P<flag>\d+)/", STATE),
    (
        r"/api/v1/environments/(?P<key>[^/]+)/features/(?P<flag>\d+)/create-segment-override/",
        "Segment override created for feature '{0}' and segment 'x'",
    ),
    (r"/api/v1/projects/\d+/features/(?P<flag>\d+)/", "Flag / Remote Config updated: {0}"),
    (r"/api/v1/projects/\d+/segments/(?P<segment>\d+)/", "Segment updated: {0}"),
)


@audit.get("/projects/<int:project>/audit/")
def entries(project: int) -> Any:
    user()
    data = database()
    data.get("projects", project)
    rows = sorted(data.rows("audit", project=project), key=lambda row: str(row["created_date"]), reverse=True)
    return page(rows if data.shows_audit else [])


def note(answered: Response) -> None:
    """Log a change that was made, as Flagsmith does: with a person, or nobody where an organisation's key did it."""
    if request.method not in ("PUT", "PATCH", "POST") or answered.status_code >= 300:
        return
    for pattern, text in CHANGES:
        found = re.fullmatch(pattern, request.path)
        if found:
            _add(database(), found.groupdict(), text)


def _add(data: Database, of: dict[str, str], text: str) -> None:
    try:
        who = user()
    except RefusalError:
        return
    state = data.get("states", int(of["state"])) if "state" in of else None
    environment = data.get("environments", state["environment"]) if state else None
    if "key" in of:
        environment = data.one("environments", api_key=of["key"])
    number = state["feature"] if state else int(of.get("flag") or of["segment"])
    named = data.get("segments" if "segment" in of else "features", number)
    kind = "SEGMENT" if "segment" in of else "FEATURE_STATE" if environment else "FEATURE"
    if state and state["identity"]:
        text = "Flag state / Remote config value updated for feature '{0}' and identity 'x'"
    data.insert(
        "audit",
        created_date=now(),
        log=text.format(named["name"]),
        author=_shown(who),
        environment=environment and {"id": environment["id"], "name": environment["name"]},
        project=named["project"],
        related_object_id=number,
        related_object_uuid=None,
        related_object_type=kind,
        is_system_event=False,
    )


def _shown(who: Row | None) -> Row | None:
    return who and {"id": who["id"], "email": who["email"], "first_name": "", "last_name": ""}
