"""The requests of a check: status, kind and body are all looked at, again and again until a deadline."""

import time
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from ops.smoke.model import CheckFailedError

REQUEST_SECONDS = 5.0
JSON, HTML = "application/json", "text/html"


class _NotYetError(CheckFailedError):
    """Worth another attempt: no answer, or the server's own failure."""


class Probe:
    """Sends the requests of one check, all of them within its deadline."""

    def __init__(self, url: str, seconds: float, *, verify: bool = True) -> None:
        self.url = url.rstrip("/")
        self._ends = time.monotonic() + seconds
        self._http = httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS, verify=verify, trust_env=False)

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._ends - time.monotonic())

    def json(
        self, path: str, *, status: int = 200, key: str | None = None, body: object = None, method: str | None = None
    ) -> Any:
        """The JSON that answers. Raises CheckFailedError when status or kind are others, or there is none in time."""
        answer = self.ask(path, status=status, kind=JSON, key=key, body=body, method=method)
        try:
            return answer.json()
        except ValueError:
            raise CheckFailedError(f"{_what(answer)} says it is JSON, and is not: {answer.text[:100]!r}") from None

    def ask(
        self,
        path: str,
        *,
        status: int = 200,
        kind: str,
        key: str | None = None,
        body: object = None,
        method: str | None = None,
    ) -> httpx.Response:
        """The answer, when it has this status and is of this kind."""
        attempts = Retrying(
            retry=retry_if_exception_type(_NotYetError),
            stop=stop_after_delay(self.left),
            wait=wait_exponential_jitter(multiplier=0.1, max=2, jitter=0.1),
            reraise=True,
        )
        headers = {"Accept": kind, **({"X-Environment-Key": key} if key is not None else {})}
        verb = method or ("GET" if body is None else "POST")
        return attempts(self._once, verb, path, headers, body, status, kind)

    def _once(
        self, method: str, path: str, headers: dict[str, str], body: object, status: int, kind: str
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, headers=headers, json=body)
        except httpx.TimeoutException:
            raise _NotYetError(f"{method} {path} was not answered within {REQUEST_SECONDS:.0f} s") from None
        except httpx.TransportError as error:
            raise _NotYetError(f"{method} {self.url}{path}: {error or type(error).__name__}") from None
        if answer.status_code != status:
            problem = _NotYetError if answer.status_code >= 500 else CheckFailedError
            raise problem(f"{_what(answer)} has status {answer.status_code}, not {status}{_said(answer)}")
        found = answer.headers.get("Content-Type", "").partition(";")[0]
        if found != kind:
            catch_all = ": this is the user interface's page for unknown paths" if found == HTML else ""
            raise CheckFailedError(f"{_what(answer)} is {found or 'of no kind'}, not {kind}{catch_all}")
        return answer


def _what(answer: httpx.Response) -> str:
    return f"The answer to {answer.request.method} {answer.request.url.path}"


def _said(answer: httpx.Response) -> str:
    is_json = answer.headers.get("Content-Type", "").startswith(JSON)
    return f": {answer.text.strip()[:200]}" if is_json and answer.text.strip() else ""
