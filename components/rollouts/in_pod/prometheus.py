"""Asks Prometheus, within a bounded time: what answers slowly, wrongly or not at all is told apart from no data."""

import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

from .judge import Series, Span

SECONDS = 10.0
"""For one question, from the first byte sent to the last one read. A guard that takes longer costs Prometheus too much
to be asked every minute."""
MOST_BYTES = 5_000_000
REFUSED = (400, 422)
"""How Prometheus answers a query that is wrong, or that it cannot carry out."""
UNKNOWN = ": it does not take the log-in"
INFO = "PromQL info"
"""What a warning begins with that is none, in releases that do not tell the two apart."""
LAST_MOMENT = 4e9
"""In the year 2096."""
NOT_AS_PROMETHEUS = (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)


class AwayError(Exception):
    """Prometheus does not answer, or not as Prometheus does; the message says how."""


class QueryError(Exception):
    """Prometheus refuses the query; the message says why."""


class PartialError(QueryError):
    """Prometheus warns of its answer, as one does that asks others, some of whom are away: there may be more.

    Attributes:
        series: What it answers.
    """

    def __init__(self, warning: str, series: list[Series]) -> None:
        super().__init__(f"it warns of its answer: {warning}")
        self.series = series


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
        """The series that a query has at a moment. Raises AwayError, QueryError or PartialError."""
        return self._ask("query", {"query": query, "time": at.timestamp()})

    def over(self, query: str, span: Span) -> list[Series]:
        """The series of a query at each point of a span. Raises AwayError, QueryError or PartialError."""
        begins, ends = span.begins.timestamp(), span.ends.timestamp()
        asked = {"query": query, "start": begins, "end": ends, "step": span.step / timedelta(seconds=1)}
        return self._ask("query_range", asked)

    def _ask(self, path: str, asked: Mapping[str, object]) -> list[Series]:
        """What it answers, in a thread of its own: a server that sends byte after byte keeps that one alone, and no
        longer than the question may take."""
        result: list[list[Series] | AwayError | QueryError] = []
        connections: list[_Connection] = []

        def ask() -> None:
            try:
                connections.append(self._connection())
                said = self._answer(connections[0], path, {**asked, "timeout": f"{self.seconds:g}s"})
                series = _series(said["data"])
                warnings = [text for text in map(str, said.get("warnings") or ()) if not text.startswith(INFO)]
                result.append(PartialError(self._words(warnings[0]), series) if warnings else series)
            except (AwayError, QueryError) as error:
                result.append(error)
            except TimeoutError:
                result.append(AwayError(f"did not answer within {self.seconds:g} s"))
            except (OSError, HTTPException) as error:
                result.append(AwayError(f"cannot be asked: {self._words(error or type(error).__name__)}"))
            except NOT_AS_PROMETHEUS as error:
                why = self._words(error or type(error).__name__)
                result.append(AwayError(f"does not answer as Prometheus: {why}"))

        thread = threading.Thread(target=ask, daemon=True, name="prometheus")
        thread.start()
        thread.join(self.seconds)
        if not result:
            for connection in connections:
                connection.end()
            raise AwayError(f"did not answer within {self.seconds:g} s")
        found = result[0]
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self, connection: HTTPConnection, path: str, asked: Mapping[str, object]) -> Any:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Connection": "close"}
        if self.token:
            # Said here: who says it elsewhere shows the token.
            if not self.token.isascii() or not self.token.isprintable():
                raise AwayError("cannot be asked: its token has a character that no header may have")
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            # A redirect is not followed: it would be sent the token.
            place = f"{urlsplit(self.url).path.rstrip('/')}/api/v1/{path}"
            connection.request("POST", place, urlencode(asked), headers)
            with connection.getresponse() as answer:
                body = answer.read(MOST_BYTES + 1)
        finally:
            connection.close()
        if len(body) > MOST_BYTES:
            raise QueryError(f"its answer has more than {MOST_BYTES:,} bytes")
        if answer.status in REFUSED:
            raise QueryError(self._words(json.loads(body)["error"]))
        if answer.status != 200:
            raise AwayError(f"answers {answer.status}{UNKNOWN if answer.status in (401, 403) else ''}")
        said = json.loads(body)
        if said["status"] != "success":
            raise AwayError("answers without success")
        return said

    def _words(self, said: object) -> str:
        """What it says, in a line, without the token that it was sent."""
        line = " ".join("".join(filter(str.isprintable, str(said).replace("\n", " "))).split())
        return (line.replace(self.token, "***") if self.token else line)[:300]

    def _connection(self) -> "_Connection":
        address = urlsplit(self.url)
        context = ssl.create_default_context(cafile=self.authority) if address.scheme == "https" else None
        return _Connection(address.hostname or "", address.port, self.seconds, context)


class _Connection(HTTPConnection):
    """One that somebody else can end: in its handshake, and in its answer, where HTTPConnection has let go of it."""

    def __init__(self, host: str, port: int | None, seconds: float, context: ssl.SSLContext | None) -> None:
        self.default_port = HTTP_PORT if context is None else HTTPS_PORT
        super().__init__(host, port, timeout=seconds)
        self._context = context
        self._opened: socket.socket | None = None

    def connect(self) -> None:
        super().connect()
        if self._context is not None:
            self.sock = self._opened = self._context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()
        self._opened = self.sock

    def end(self) -> None:
        """Let whoever reads from it read its end."""
        if self._opened is not None:
            with suppress(OSError):  # it has ended meanwhile
                # Of the socket itself: that of TLS would let go of what the other thread is in.
                socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def _series(data: Mapping[str, Any]) -> list[Series]:
    """What an answer holds, whatever its form: a vector, a matrix, or a number without labels, as of `scalar(…)`."""
    result = data["result"]
    match data["resultType"]:
        case "vector":
            return [Series(dict(item["metric"]), _points([item["value"]])) for item in result]
        case "matrix":
            return [Series(dict(item["metric"]), _points(item["values"])) for item in result]
        case "scalar":
            return [Series({}, _points([result]))]
    raise QueryError(f"it gives a {data['resultType']}, and no number")


def _points(values: Sequence[Sequence[Any]]) -> list[tuple[float, float]]:
    found = [(float(moment), float(value)) for moment, value in values]
    if not all(0 <= moment <= LAST_MOMENT for moment, _ in found):
        raise ValueError("a moment that is none")
    return found
