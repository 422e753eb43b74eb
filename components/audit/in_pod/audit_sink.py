"""Where exported entries go: standard output, or an HTTPS endpoint. Runs in Flagsmith's image, which has `requests`."""

import json
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

Entry = dict[str, Any]
# The number of an entry that is refused, and the answer.
Refusal = tuple[int, str]
TIMEOUTS = (10, 30)  # seconds, to connect and between two bytes of the answer
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
LONGEST_WISH = 3600.0  # of a Retry-After that is followed
ANSWER_BYTES = 500
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Nothing of these gets better by waiting: the endpoint does not want this entry.
REFUSED = (400, 413, 422)


class StoppedError(Exception):
    """The exporter is to end."""


class Sink(Protocol):
    """Where entries go."""

    def send(self, entries: Sequence[Entry]) -> list[Refusal]:
        """Send them all; what is refused."""


class Stdout:
    """A line for each entry; the container's log is the endpoint."""

    def send(self, entries: Sequence[Entry]) -> list[Refusal]:
        """Print them; nothing is refused."""
        for entry in entries:
            sys.stdout.write(json.dumps(entry) + "\n")
        sys.stdout.flush()
        return []


class Https:
    """An endpoint that takes JSON lines by POST.

    Args:
        url: Its address; http is for tests on this machine.
        token_file: The file with the bearer token, read for each request, so that a new one needs no restart.
        ca_file: Certificates to trust in place of the usual ones.
        wait: Waits some seconds; raises StoppedError.
        trouble: Is told what keeps the entries from being taken, and for how long it waits.
    """

    def __init__(
        self,
        url: str,
        token_file: str | None,
        ca_file: str | None,
        wait: Callable[[float], None],
        trouble: Callable[[str, float], None],
    ) -> None:
        address = urlsplit(url)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise SystemExit(f"The audit log is only exported to https, and not to {url}.")
        self._url, self._token_file = url, token_file
        self._wait, self._trouble = wait, trouble
        self._session = requests.Session()
        self._session.verify = ca_file or True
        self._session.auth = self._sign

    def send(self, entries: Sequence[Entry]) -> list[Refusal]:
        """Send them all, however long it takes; the numbers that are refused, each with the answer."""
        tried = 0
        while True:
            status, said, wish = self._post(entries)
            if 200 <= status < 300:
                return []
            if status in REFUSED:
                if len(entries) == 1:
                    return [(entries[0]["row"], f"{status}: {said}")]
                middle = len(entries) // 2
                return self.send(entries[:middle]) + self.send(entries[middle:])
            tried += 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tried - 1, 20)) * random.uniform(0.5, 1)  # noqa: S311
            pause = max(pause, min(wish, LONGEST_WISH))
            self._trouble(f"the endpoint answers {status}: {said}" if status else said, pause)
            self._wait(pause)

    def _post(self, entries: Sequence[Entry]) -> tuple[int, str, float]:
        """The status (0 for none), what was said, and how many seconds the endpoint wants to be left alone."""
        body = b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)
        self._wait(0)
        try:
            with self._session.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/x-ndjson", "User-Agent": "flagsmith-audit-exporter"},
                timeout=TIMEOUTS,
                # Another address would get the token and the entries.
                allow_redirects=False,
                stream=True,
            ) as answer:
                said = answer.raw.read(ANSWER_BYTES, decode_content=True).decode(errors="replace")
                return answer.status_code, said, _seconds(answer.headers.get("Retry-After"))
        except (requests.RequestException, OSError) as error:
            return 0, f"no answer ({type(error).__name__}: {error})"[:ANSWER_BYTES], 0.0

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token_file:
            token = Path(self._token_file).read_text(encoding="utf-8").strip()
            request.headers["Authorization"] = f"Bearer {token}"
        return request


def _seconds(text: str | None) -> float:
    """A Retry-After, in seconds or as a date."""
    if not text:
        return 0.0
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
