"""Users who are not kept, and evaluations counted by day. Registered before `sdk`, whose view keeps every user."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from tests.doubles.flagsmith.answers import body, database, required, user
from tests.doubles.flagsmith.database import Database, RefusalError, Row
from tests.doubles.flagsmith.identities import keep as keep_identity
from tests.doubles.flagsmith.sdk import _environment, _identity
from tests.doubles.flagsmith.sdk import identify as keep

looking = Blueprint("looking", __name__)
LABELS = ("client_application_name", "client_application_version", "user_agent")
NO_NUMBER = ["A valid integer is required."]


@looking.post("/identities/")
def identify() -> Any:
    """A transient user is evaluated with what is kept of them, and changes none of it; so do transient traits."""
    given = body()
    traits = {item["trait_key"]: item for item in given.get("traits", [])}
    is_passing = bool(given.get("transient"))
    passing = [name for name, item in traits.items() if is_passing or item.get("transient")]
    if not is_passing and not passing:
        return keep()
    required(given, "identifier")
    environment, data = _environment(), database()
    place = {"environment": environment["id"], "identifier": given["identifier"]}
    kept = data.rows("identities", **place)
    if not is_passing:
        kept = kept or [keep_identity(data, environment["id"], given["identifier"])]
        kept[0]["traits"].update({name: item["trait_value"] for name, item in traits.items() if name not in passing})
    seen = {**(kept[0]["traits"] if kept else {}), **{name: traits[name]["trait_value"] for name in passing}}
    own = {**place, "id": kept[0]["id"] if kept else None, "traits": seen}
    return _marked(_identity(environment, own), passing)


def _marked(answer: Response, passing: list[str]) -> Response:
    """The answer, with the traits that are kept nowhere."""
    found: Row = answer.get_json()
    for trait in found["traits"]:
        if trait["trait_key"] in passing:
            trait.update(id=None, transient=True)
    answer.data = current_app.json.dumps(found)
    return answer


@looking.get("/projects/<int:project>/features/<int:number>/evaluation-data/")
def evaluations(project: int, number: int) -> Any:
    user()
    features = database().rows("features", id=number, project=project)
    if not features:
        raise RefusalError(404, {"detail": "No Feature matches the given query."})
    days, environment = _number("period", "30"), _number("environment_id", None)
    first = datetime.now(UTC).date() - timedelta(days=days)
    rows = database().rows("buckets", environment=environment, feature=features[0]["name"])
    found: Counter[date] = Counter()
    for row in rows:
        found[row["day"]] += row["count"]
    labels = dict.fromkeys(LABELS)
    return jsonify([{"day": str(day), "count": found[day], "labels": labels} for day in sorted(found) if day > first])


def _number(name: str, default: str | None) -> int:
    value = request.args.get(name, default)
    if value is None:
        raise RefusalError(400, {name: ["This field is required."]})
    if not value.isdecimal():
        raise RefusalError(400, {name: NO_NUMBER})
    return int(value)


def sum_up(data: Database, day: date | None = None) -> None:
    """What the task processor does once an hour: only then what SDKs reported can be seen."""
    for row in data.rows("evaluations"):
        when = day or datetime.now(UTC).date()
        data.insert("buckets", environment=row["environment"], feature=row["feature"], day=when, count=row["count"])
    data.remove("evaluations")
