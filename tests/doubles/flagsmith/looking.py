"""Evaluations, counted by day."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request

from tests.doubles.flagsmith.answers import database, user
from tests.doubles.flagsmith.database import Database, RefusalError

looking = Blueprint("looking", __name__)
LABELS = ("client_application_name", "client_application_version", "user_agent")
NO_NUMBER = ["A valid integer is required."]


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
