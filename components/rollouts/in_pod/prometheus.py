"""Asks Prometheus, within a bounded time: what answers slowly, wrongly or not at all is told apart from no data."""

import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from .judge import Series, Span

SECONDS = 10.0
"""For one question, from the first byte sent to the last one read. A guard that takes longer costs Prometheus too much
to be asked every minute."""
MOST_BYTES = 5_000_000
REFUSED = (400, 422)
"""How Prometheus answers a query that is wrong, or that it cannot carry out."""


class AwayError(Exception):
    """Prometheus does not answer, or not as Prometheus does; the message says how."""


class QueryError(Exception):
    """Prometheus refuses the query; the message says why."""


@dataclass(frozen=True)
class Prometheus:
    """One server.

    Attributes:
        url: Its address, with the path before `/api/v1` where there is one.
        token: What to log in with, as a bearer; empty for none.
        authority: A file with the certificates of the authorities to trust; None for those of the system.
        seconds: How long a question may take.
    """

    url: str
    token: str = field(default="", repr=False)
    authority: str | None = None
    seconds: float = SECONDS

    def now(self, query: str, at: datetime) -> list[Series]:
        """The series that a query has at a moment. Raises AwayError or QueryError."""
        return self._ask("query", {"query": query, "time": at.timestamp()})

    def over(self, query: str, span: Span) -> list[Series]:
        """The series of a query at each point of a span. Raises AwayError or QueryError."""
        begins, ends = span.begins.timestamp(), span.ends.timestamp()
        asked = {"query": query, "start": begins, "end": ends, "step": span.step / timedelta(seconds=1)}
        return self._ask("query_range", asked)

    def _ask(self, path: str, asked: Mapping[str, object]) -> list[Series]:
        """What it answers, in a thread of its own: a server that sends byte after byte keeps that one alone."""
        result: list[list[Series] | AwayError | QueryError] = []

        def ask() -> None:
            try:
                result.append(_series(self._answer(path, {**asked, "timeout": f"{self.seconds:g}s"})))
            except (AwayError, QueryError) as error:
                result.append(error)
            except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError) as error:
                result.append(AwayError(f"does not answer as Prometheus: {error or type(error).__name__}"))

        thread = threading.Thread(target=ask, daemon=True, name="prometheus")
        thread.start()
        thread.join(self.seconds)
        if not result:
            raise AwayError(f"did not answer within {self.seconds:g} s")
        found = result[0]
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self, path: str, asked: Mapping[str, object]) -> Any:
        address = urlsplit(self.url)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = self._connection(address.scheme, address.hostname or "", address.port)
        try:
            # A redirect is not followed: it would be sent the token.
            connection.request("POST", f"{address.path.rstrip('/')}/api/v1/{path}", urlencode(asked), headers)
            answer = connection.getresponse()
            body = answer.read(MOST_BYTES + 1)
        finally:
            connection.close()
        if len(body) > MOST_BYTES:
            raise QueryError(f"its answer has more than {MOST_BYTES:,} bytes")
        if answer.status in REFUSED:
            raise QueryError(str(json.loads(body)["error"])[:300])
        if answer.status != 200:
            raise AwayError(f"answers {answer.status}")
        said = json.loads(body)
        if said["status"] != "success":
            raise AwayError("answers without success")
        return said["data"]

    def _connection(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context(cafile=self.authority)
            return HTTPSConnection(host, port, timeout=self.seconds, context=context)
        return HTTPConnection(host, port, timeout=self.seconds)


def _series(data: Mapping[str, Any]) -> list[Series]:
    """What an answer holds, whatever its form: a vector, a matrix, or a number without labels, as of `scalar(…)`."""
    result = data["result"]
    match data["resultType"]:
        case "vector":
            return [Series(item["metric"], _points([item["value"]])) for item in result]
        case "matrix":
            return [Series(item["metric"], _points(item["values"])) for item in result]
        case "scalar":
            return [Series({}, _points([result]))]
    raise QueryError(f"it gives a {data['resultType']}, and no number")


def _points(values: Sequence[Sequence[Any]]) -> list[tuple[float, float]]:
    return [(float(moment), float(value)) for moment, value in values]
