"""Filters of Flagsmith's log: who a flag was asked for, and what opens a door, stay out of it.

Runs in Flagsmith's pods, whose logging configuration names these classes; nothing but the standard library is used.
Flagsmith writes attributes of a record as keys of its JSON line.
"""

import logging
import re
from typing import Any

PROBES = frozenset({"/health/liveness/", "/health/readiness/"})
# What Flagsmith makes keys of, besides the path: peer, method, status, user agent, milliseconds, bytes.
KEPT = ("h", "m", "s", "a", "M", "B")
SLOW_MILLISECONDS = 1000
REQUEST_ID = re.compile(r"[\w.:-]{1,128}")


def shown_path(route: str, path: str) -> str:
    """The route, with the numbers of the path where it leaves something open, save those that may be a person."""
    words, real = route.split("/"), path.split("/")
    if len(words) != len(real):
        return route
    return "/".join(
        value if word.startswith("{") and "identi" not in word and value.isdigit() else word
        for word, value in zip(words, real, strict=True)
    )


def _describe(record: logging.LogRecord, route: str, path: str, request_id: str | None) -> str:
    record.route = route
    if request_id and REQUEST_ID.fullmatch(request_id):
        record.request_id = request_id
    return shown_path(route, path) if route else "(unknown)"


class Access(logging.Filter):
    """A line of gunicorn's access log: no query, no headers, no values in the path; no line for a probe that passed.

    `only="problems"` keeps the answers of 400 and above, and those that took a second or more.
    """

    def __init__(self, only: str = "all") -> None:
        super().__init__()
        self._problems_only = only == "problems"

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is written; what it may not hold is gone from the record."""
        atoms: Any = record.args
        if not isinstance(atoms, dict):
            return True
        fine = int(atoms["s"]) < 400
        if fine and (atoms["U"] in PROBES or (self._problems_only and atoms["M"] < SLOW_MILLISECONDS)):
            return False
        path = _describe(record, atoms.get("{flagsmith.route}e", ""), atoms["U"], atoms.get("{x-request-id}i"))
        record.args = {**{key: atoms[key] for key in KEPT}, "U": path}
        return True


class Requests(logging.Filter):
    """A line that comes with a request, such as Django's of a refused one: route and request id take its place."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True: every line is written."""
        request: Any = getattr(record, "request", None)
        if hasattr(request, "META"):
            del record.__dict__["request"]
            match = getattr(request, "resolver_match", None)
            route = request.META.get("flagsmith.route") or getattr(match, "route", "") or ""
            path = _describe(record, route, request.path, request.META.get("HTTP_X_REQUEST_ID"))
            if isinstance(record.args, tuple):
                record.args = tuple(path if value == request.path else value for value in record.args)
        return True
