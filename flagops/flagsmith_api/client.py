"""A client of Flagsmith's HTTP API: JSON in, JSON out, everything else an error that says what to do."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from components.rollouts.in_pod.pages import entries
from components.text.versions import Version, parse_version
from flagops.errors import AnswerError
from flagops.trust import authorities, how_to_trust, untrusted

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0  # seconds
PAGE_SIZE = 999  # the most that the API gives; its default is 10
TRANSIENT = frozenset({429, 500, 502, 503, 504})
# What may be sent again though it may have been carried out. A change may not: somebody may have changed it since.
# What has a number is deleted once, since no number is given twice.
REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})


class FlagsmithError(AnswerError):
    """A request that Flagsmith refused, or did not answer as it should.

    Attributes:
        status: The HTTP status; 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class _TransientError(FlagsmithError):
    """Worth another attempt, not before `wait` seconds if the server named a time.

    Attributes:
        wait: Seconds.
        is_undone: Whether it is sure that nothing was done: then anything may be sent again.
    """

    def __init__(self, message: str, status: int = 0, *, wait: float = 0, is_undone: bool = False) -> None:
        super().__init__(message, status, hint="Is Flagsmith up? `ff status` and `ff doctor` look at it.")
        self.wait, self.is_undone = wait, is_undone


def is_ambiguous(error: FlagsmithError) -> bool:
    """Whether nobody knows if the request was carried out: there was no answer, or one of a gateway."""
    return error.status == 0 or error.status in TRANSIENT


class FlagsmithClient:
    """One Flagsmith.

    Transport errors and the statuses 429, 500, 502, 503 and 504 are tried again with growing pauses, or the one that
    the server names, where repeating does no harm: what reads or deletes, and what was certainly not carried out. Other
    changes are sent by `ensure` and `change_once` (flagops/flagsmith_api/ensure.py), which read before they repeat. No
    key or password is in a message. Several threads may use it.
    """

    def __init__(
        self,
        base_url: str,
        *,
        host: str | None = None,
        headers: Mapping[str, str] | None = None,
        verify: bool = True,
        transport: httpx.BaseTransport | None = None,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        """A client of the Flagsmith at `base_url`; `host` is the Host header where the address has another name."""
        self._spacing, self._next, self._turn = 0.0, 0.0, Lock()
        self._answered: datetime | None = None
        self.release: Version | None = None
        """Which release answered last; None for one that does not say, or whose answer a proxy stripped."""
        sent = {"Accept": "application/json", **({"Host": host} if host else {}), **(headers or {})}
        self._http = httpx.Client(
            base_url=base_url,
            headers=sent,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=authorities() if verify else False,
            transport=transport,
            trust_env=False,
        )
        self._longest_wait = longest_wait
        self._address = base_url.rstrip("/")

    def __enter__(self) -> "FlagsmithClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def log_in(self, email: str, password: str) -> None:
        """Send the further requests as this person. Raises FlagsmithError when the log-in is refused."""
        key = self.post("/api/v1/auth/login/", {"email": email, "password": password}).get("key")
        if not key:
            raise FlagsmithError(
                f"The log-in of {email} needs a second factor, which ff cannot give.",
                hint="Use an organisation's API key: FLAGSMITH_API_KEY.",
            )
        self._http.headers["Authorization"] = f"Token {key}"

    def use_api_key(self, key: str) -> None:
        """Send the further requests with an organisation's API key."""
        self._http.headers["Authorization"] = f"Api-Key {key}"

    def use_access_token(self, token: str) -> None:
        """Send the further requests with the access token that an ID token was exchanged for."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    def limit_rate(self, per_second: float) -> None:
        """Send no more than so many requests a second from now on, all threads together."""
        self._spacing = 1 / per_second

    def now(self) -> datetime:
        """What time it was at Flagsmith when it answered last, in whole seconds; this machine's time before that."""
        return self._answered or datetime.now(UTC)

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, key: str | None = None) -> Any:
        """The JSON at `path`; `key` is an environment's."""
        return self.request("GET", path, params=params, headers={"X-Environment-Key": key} if key else None)

    def post(self, path: str, body: object) -> Any:
        """The JSON that answers `body`."""
        return self.request("POST", path, body=body)

    def put(self, path: str, body: object) -> Any:
        """The JSON that answers `body`, which takes the place of what is there."""
        return self.request("PUT", path, body=body)

    def patch(self, path: str, body: object) -> Any:
        """The JSON that answers `body`, which changes a part of what is there."""
        return self.request("PATCH", path, body=body)

    def delete(self, path: str) -> None:
        """Delete what is at `path`; what is gone already is fine."""
        try:
            self.request("DELETE", path)
        except FlagsmithError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """All entries of a list that comes in pages, or at once. Raises FlagsmithError for one without an end."""
        return entries(self.get, path, params, PAGE_SIZE, FlagsmithError)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of one answer, None for an empty one. Raises FlagsmithError for anything else."""
        attempts = Retrying(
            retry=retry_if_exception(lambda error: _may_repeat(method, error)),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            reraise=True,
        )
        return attempts(self._once, method, path, params, body, headers)

    def _wait_for_turn(self) -> None:
        with self._turn:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._spacing
        time.sleep(turn - now)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = error.wait if isinstance(error, _TransientError) else 0.0
        grown = wait_exponential_jitter(multiplier=FIRST_WAIT, max=self._longest_wait, jitter=FIRST_WAIT)(state)
        return min(max(named, grown), self._longest_wait)

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: object,
        headers: Mapping[str, str] | None,
    ) -> Any:
        what = f"{method} {self._address}{path}"
        self._wait_for_turn()
        try:
            response = self._http.request(method, path, params=params, json=body, headers=headers)
        except httpx.RequestError as error:  # DecodingError among them: what claims to be compressed and is not
            refused = untrusted(error)
            if refused is not None:
                said = f"{what}: the certificate is not trusted: {refused.verify_message}"
                raise FlagsmithError(said, hint=how_to_trust()) from None
            is_undone = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise _TransientError(f"{what}: {error or type(error).__name__}", is_undone=is_undone) from None
        self._answered = _date(response) or self._answered
        self.release = _release(response) or self.release
        status = response.status_code
        if status in TRANSIENT:
            is_undone = status == httpx.codes.TOO_MANY_REQUESTS
            raise _TransientError(
                f"{what}: {_said(response)}", status, wait=_retry_after(response), is_undone=is_undone
            )
        if not response.is_success:
            raise FlagsmithError(f"{what}: {_said(response)}", response.status_code)
        if not response.content:
            return None
        if not _is_json(response):
            kind = response.headers.get("Content-Type", "no content type")
            raise FlagsmithError(
                f"{what}: answered with {kind} in place of JSON.",
                response.status_code,
                hint="Flagsmith's image answers an unknown path with its user interface: is the address right?",
            )
        try:
            return response.json()
        except ValueError:
            raise FlagsmithError(f"{what}: answered with JSON that is broken or incomplete.", status) from None


def _may_repeat(method: str, error: BaseException) -> bool:
    return isinstance(error, _TransientError) and (method in REPEATABLE or error.is_undone)


def _is_json(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type", "").partition(";")[0] == "application/json")


def _said(response: httpx.Response) -> str:
    """The status, and what Flagsmith says about it."""
    said = response.text.strip()[:300] if _is_json(response) else ""
    return f"status {response.status_code}" + (f": {said}" if said else "")


def _date(response: httpx.Response) -> datetime | None:
    """When it was answered, by the first header that says it: proxies add another one, or leave the zone out."""
    for text in response.headers.get_list("Date"):
        with suppress(ValueError):
            found = parsedate_to_datetime(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _release(response: httpx.Response) -> Version | None:
    with suppress(ValueError):
        return parse_version(response.headers.get("Flagsmith-Version", ""))
    return None


def _retry_after(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
