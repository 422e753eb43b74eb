"""The requests of the checks: status, kind and body of each answer are looked at."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    stop_any,
    wait_exponential_jitter,
)

from flagops.commands.smoke.in_time import Deadline, InTime
from flagops.commands.smoke.ledger import Ledger
from flagops.commands.smoke.model import CheckFailedError
from flagops.trust import how_to_trust, untrusted

REQUEST_SECONDS = 5.0
START_SECONDS = 10.0  # that a server may take to come up, before it is taken for dead
ATTEMPTS = 3  # once it was up; an error is kept in the ledger all the same
FIRST_WAIT = 0.1  # seconds between two attempts, and as much by chance; then twice as long each time, up to a second
JSON, HTML = "application/json", "text/html"


class _NotYetError(CheckFailedError):
    """Worth another attempt: no answer, or the server's own failure."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request, and what its answer has to be.

    Attributes:
        path: The path, with its query.
        statuses: Those that are right.
        kind: The body's, without parameters; empty where it does not matter.
        or_kind: Another one that is as good.
        key: An environment's.
        body: What is sent as JSON; None for a GET.
        method: In place of GET or POST.
        headers: More of them.
        is_raw: Whether the path is sent letter by letter, with its dots and slashes.
    """

    path: str
    statuses: tuple[int, ...] = (200,)
    kind: str = JSON
    or_kind: str = ""
    key: str | None = None
    body: object = None
    method: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_raw: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those of the body that are right; any when there is none."""
        return tuple(kind for kind in (self.kind, self.or_kind) if kind)

    @property
    def what(self) -> str:
        """How messages call it."""
        return f"{self.method or ('GET' if self.body is None else 'POST')} {self.path}"


class CheckClient:
    """Sends the checks' requests; several threads may use it."""

    def __init__(self, url: str, deadline: Deadline, ledger: Ledger, transport: InTime) -> None:
        self.url, self._deadline, self._ledger = url.rstrip("/"), deadline, ledger
        self._http = httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS, transport=transport, trust_env=False)

    def json(self, path: str, *, status: int = 200, key: str | None = None, body: object = None) -> Any:
        """The JSON that answers. Raises CheckFailedError when status or kind are others, or there is none in time."""
        return self.read(Question(path=path, statuses=(status,), key=key, body=body))

    def read(self, question: Question) -> Any:
        """The JSON that answers a question."""
        answer = self.ask(question)
        try:
            return answer.json()
        except ValueError:
            said = answer.text[:100]
            raise CheckFailedError(f"the answer to {question.what} says it is JSON, and is not: {said!r}") from None

    def ask(self, question: Question) -> httpx.Response:
        """The answer, when it is as it has to be."""
        in_time = stop_after_delay(self._deadline.left)
        patient = stop_after_attempt(ATTEMPTS) if self._ledger.is_ready else stop_after_delay(START_SECONDS)
        attempts = Retrying(
            retry=retry_if_exception_type(_NotYetError),
            stop=stop_any(patient, in_time),
            wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=1, jitter=FIRST_WAIT),
            reraise=True,
        )
        return attempts(self._once, question)

    def _once(self, question: Question) -> httpx.Response:
        what, accepted = question.what, {"Accept": ", ".join(question.kinds)} if question.kinds else {}
        sent = {**accepted, **({"X-Environment-Key": question.key} if question.key is not None else {})}
        method, started = what.partition(" ")[0], time.monotonic()
        path, raw = ("/", {"target": question.path.encode()}) if question.is_raw else (question.path, {})
        try:
            answer = self._http.request(
                method, path, headers={**sent, **question.headers}, json=question.body, extensions=raw
            )
        except httpx.TimeoutException:
            took = time.monotonic() - started
            raise _NotYetError(f"{what} was not answered within {took:.0f} s") from None
        except httpx.RequestError as error:
            refused = untrusted(error)
            if refused is not None:
                said = f"the certificate of {self.url} is not trusted: {refused.verify_message}"
                raise CheckFailedError(f"{said}. {how_to_trust()}") from None
            raise _NotYetError(f"{what} at {self.url}: {error or type(error).__name__}") from None
        _check(question, answer)
        return answer


def _check(question: Question, answer: httpx.Response) -> None:
    what = f"the answer to {question.what}"
    if answer.status_code not in question.statuses:
        problem = _NotYetError if answer.status_code >= 500 else CheckFailedError
        wanted = " or ".join(str(status) for status in question.statuses)
        raise problem(f"{what} has status {answer.status_code}, not {wanted}{_said(answer)}")
    found = answer.headers.get("Content-Type", "").partition(";")[0]
    if question.kinds and found not in question.kinds:
        catch_all = ": this is the user interface's page for unknown paths" if found == HTML else ""
        raise CheckFailedError(f"{what} is {found or 'of no kind'}, not {' or '.join(question.kinds)}{catch_all}")


def _said(answer: httpx.Response) -> str:
    if answer.is_redirect:
        return f": it leads to {answer.headers.get('Location', 'nowhere')}"
    is_json = answer.headers.get("Content-Type", "").startswith(JSON)
    return f": {answer.text.strip()[:200]}" if is_json and answer.text.strip() else ""
