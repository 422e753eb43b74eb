"""How the double reads requests and makes answers."""

from collections.abc import Iterable
from typing import Any

from flask import Response, g, jsonify, request

from tests.doubles.flagsmith.database import Database, RefusalError, Row, new_uuid, now
from tests.doubles.flagsmith.permissions import check

PAGE_SIZE, LARGEST_PAGE = 10, 999
NO_CREDENTIALS = {"detail": "Authentication credentials were not provided."}


def database() -> Database:
    found: Database = g.database
    return found


def body() -> Any:
    found = request.get_json(silent=True)
    if found is None:
        raise RefusalError(400, {"detail": "JSON parse error - Expecting value: line 1 column 1 (char 0)"})
    return found


def required(values: Row, *names: str) -> None:
    missing = {name: ["This field is required."] for name in names if name not in values}
    if missing:
        raise RefusalError(400, missing)


def account(row: Row) -> Row:
    """A person, as others are shown him."""
    names = {"first_name": "", "last_name": ""}
    return {"id": row["id"], "email": row["email"], **names, "last_login": now(), "uuid": new_uuid()}


def member(row: Row) -> Row:
    """A person of the organisation."""
    return {**account(row), "role": row["role"], "date_joined": now()}


def page(rows: Iterable[Row]) -> Response:
    """One page, as `page` and `page_size` ask for it."""
    found = list(rows)
    size = min(int(request.args.get("page_size", PAGE_SIZE)), LARGEST_PAGE)
    number = int(request.args.get("page", 1))
    start = (number - 1) * size
    if start >= len(found) and number > 1:
        raise RefusalError(404, {"detail": "Invalid page."})

    def link(other: int) -> str:
        return f"{request.base_url}?page={other}&page_size={size}"

    return jsonify(
        count=len(found),
        next=link(number + 1) if start + size < len(found) else None,
        previous=link(number - 1) if number > 1 else None,
        results=found[start : start + size],
    )


def user() -> Row | None:
    """Who asks, by token; None for an organisation's key. Refuses everybody else."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind == "Token":
        found = database().rows("users", token=value)
        if found:
            if found[0]["role"] != "ADMIN":
                check(database(), found[0])
            return found[0]
    if kind == "Bearer" and value in database().access_tokens:
        if not database().rows("trust_relationships", id=database().access_tokens[value]):
            raise RefusalError(401, {"detail": "Trust relationship no longer exists."})
        return None
    if kind == "Api-Key" and value in database().api_keys:
        return None
    if kind == "Api-Key":
        raise RefusalError(401, {"detail": "Valid Master API Key not found."})
    raise RefusalError(401, NO_CREDENTIALS)
