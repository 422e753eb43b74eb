"""What SDKs report: how often flags were read (in two forms), and events of applications."""

from typing import Any, Final

from flagops.serving.http.body import body_of, mapping_of
from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.model.backend import Backend
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.sdk.keys import environment_of
from flagops.serving.sdk.rows import check_count, check_rows

REQUIRED: Final = ["This field is required."]
MOST: Final = 10_000
"""Evaluations or events of a request; SDKs send 1,000 at most."""
_FIELDS: Final = {"feature_name": str, "enabled_when_evaluated": bool, "count": int}
_WRONG: Final = {str: "Not a valid string.", bool: "Must be a valid boolean.", int: "A valid integer is required."}


def count(backend: Backend, request: Request) -> Answer:
    """The first form: numbers by the flags' names. What is no flag's, or no number, is passed over."""
    environment, found = environment_of(backend, request), body_of(request)
    if not isinstance(found, dict):
        raise RefusalError(400, {"non_field_errors": ["Expected a JSON object."]})
    known = _names(environment)
    for name, number in found.items():
        if name in known and type(number) is int:
            backend.reports.evaluated(environment, name, number, enabled=None)
    return Answer(kind="", environment=environment.name)


def count_by_state(backend: Backend, request: Request) -> Answer:
    """The second form, which says as what a flag was read."""
    environment, rows = environment_of(backend, request), mapping_of(request).get("evaluations")
    if not isinstance(rows, list):
        raise RefusalError(400, {"evaluations": REQUIRED})
    check_count(rows, MOST, "evaluations")
    check_rows(rows, _problems, "evaluations")
    known = _names(environment)
    for row in rows:
        if row["feature_name"] in known:
            enabled = row["enabled_when_evaluated"]
            backend.reports.evaluated(environment, row["feature_name"], row["count"], enabled=enabled)
    return Answer(204, kind="", environment=environment.name)


def events(backend: Backend, request: Request) -> Answer:
    """Events of applications, which SDKs send to an address of their own."""
    environment, rows = environment_of(backend, request), mapping_of(request).get("events")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RefusalError(400, {"events": REQUIRED})
    check_count(rows, MOST, "events")
    for row in rows:
        backend.reports.happened(environment, row)
    return answer({}, 202, environment=environment.name)


def _names(environment: ServedEnvironment) -> set[str]:
    return {state["feature"]["name"] for state in environment.states(is_server_side=True)}


def _problems(row: Any) -> dict[str, list[str]]:
    if not isinstance(row, dict):
        return {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(row).__name__}."]}
    missing = {name: REQUIRED for name in _FIELDS if name not in row}
    wrong = {name: [_WRONG[kind]] for name, kind in _FIELDS.items() if name in row and type(row[name]) is not kind}
    return {**missing, **wrong}
