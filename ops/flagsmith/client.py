"""A client of Flagsmith's HTTP API: JSON in, JSON out, everything else an error that says what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ops.errors import OpsError

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0  # seconds
PAGE_SIZE = 100  # the API's default is 10
TRANSIENT = frozenset({429, 502, 503, 504})
# What may be sent again without doing it twice.
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})


class FlagsmithError(OpsError):
    """A request that Flagsmith refused, or did not answer as it should.

    Attributes:
        status: The HTTP status; 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class _TransientError(FlagsmithError):
    """Worth another attempt, not before `wait` seconds if the server named a time."""

    def __init__(self, message: str, status: int = 0, wait: float = 0) -> None:
        super().__init__(message, status, hint="Is Flagsmith up? `ff status` and `ff doctor` look at it.")
        self.wait = wait


class FlagsmithClient:
    """One Flagsmith.

    Transport errors and the statuses 429, 502, 503 and 504 are tried again with growing pauses, or the one that the
    server names, where repeating does no harm. A key or a password is in no message.
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
        sent = {"Accept": "application/json", **({"Host": host} if host else {}), **(headers or {})}
        self._http = httpx.Client(
            base_url=base_url,
            headers=sent,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=verify,
            transport=transport,
            trust_env=False,
        )
        self._longest_wait = longest_wait

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
                f"The log-in of {email} needs a second factor, which this cannot give.",
                hint="Use an organisation's API key: FLAGSMITH_API_KEY.",
            )
        self._http.headers["Authorization"] = f"Token {key}"

    def use_api_key(self, key: str) -> None:
        """Send the further requests with an organisation's API key."""
        self._http.headers["Authorization"] = f"Api-Key {key}"

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
        """All entries of a list that comes in pages, or at once."""
        page = 1
        while True:
            found = self.get(path, {**(params or {}), "page": page, "page_size": PAGE_SIZE})
            if isinstance(found, list):
                yield from found
                return
            yield from found["results"]
            if not found.get("next"):
                return
            page += 1

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
            retry=retry_if_exception_type(_TransientError),
            stop=stop_after_attempt(ATTEMPTS if method in REPEATABLE else 1),
            wait=self._pause,
            reraise=True,
        )
        return attempts(self._once, method, path, params, body, headers)

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
        what = f"{method} {self._http.base_url.join(path)}"
        try:
            response = self._http.request(method, path, params=params, json=body, headers=headers)
        except httpx.TransportError as error:
            raise _TransientError(f"{what}: {error or type(error).__name__}") from None
        if response.status_code in TRANSIENT:
            raise _TransientError(f"{what}: {_said(response)}", response.status_code, _retry_after(response))
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
        return response.json()


def _is_json(response: httpx.Response) -> bool:
    return bool(response.headers.get("Content-Type", "").partition(";")[0] == "application/json")


def _said(response: httpx.Response) -> str:
    """The status, and what Flagsmith says about it."""
    said = response.text.strip()[:300] if _is_json(response) else ""
    return f"status {response.status_code}" + (f": {said}" if said else "")


def _retry_after(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
