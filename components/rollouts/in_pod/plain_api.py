"""Flagsmith's API as the pod asks it, with the standard library alone."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from .pages import entries

SECONDS = 30
"""For each step of one request. Flagsmith's own workers are ended after as long (`gunicorn.timeout`)."""
PAGE_SIZE = 100
MOST_BYTES = 20_000_000
REFUSED = (401, 403)


class UnansweredError(Exception):
    """Flagsmith did not answer, refused, or answered otherwise than it should; the message says how."""


class TokenRefusedError(UnansweredError):
    """Flagsmith does not know the token, or does not let its account."""


class PlainApi:
    """One Flagsmith. No request is sent twice: the next look asks again.

    Args:
        url: Its address within the cluster, without `/api/v1/`.
        token: Gives the token, for each request: a renewed one needs no restart.
        beat: Is called before each request.
    """

    def __init__(self, url: str, token: Callable[[], str], beat: Callable[[], None]) -> None:
        self._address, self._token, self._beat = urlsplit(url), token, beat
        self._at = datetime.now(UTC)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at a path. Raises UnansweredError."""
        return self._ask("GET", f"{path}?{urlencode(params)}" if params else path)

    def patch(self, path: str, body: object) -> Any:
        """The JSON that answers a change. Raises UnansweredError, where it may have been done nevertheless."""
        return self._ask("PATCH", path, body)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """All entries of a list, which comes at once or in pages. Raises UnansweredError."""
        return entries(self.get, path, params, PAGE_SIZE, UnansweredError)

    def now(self) -> datetime:
        """What time it was at Flagsmith when it answered last."""
        return self._at

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        self._beat()
        host, port = self._address.hostname or "", self._address.port
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(host, port, timeout=SECONDS)
        headers = {"Authorization": f"Token {self._token()}", "Accept": "application/json", "Connection": "close"}
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            headers["Content-Type"] = "application/json"
        try:
            # No redirect is followed: it would be sent the token.
            connection.request(method, f"{self._address.path.rstrip('/')}{path}", sent, headers)
            with connection.getresponse() as answer:
                status, date, found = answer.status, answer.headers.get("Date"), answer.read(MOST_BYTES)
            if not 200 <= status < 300:
                refusal = TokenRefusedError if status in REFUSED else UnansweredError
                raise refusal(f"{method} {path.partition('?')[0]}: {status} {_said(found)}")
            self._at = datetime.now(UTC) if date is None else parsedate_to_datetime(date)
            return json.loads(found)
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise UnansweredError(f"{method} {path.partition('?')[0]}: {error or type(error).__name__}") from None
        finally:
            connection.close()


def _said(body: bytes) -> str:
    return body[:200].decode(errors="replace")
