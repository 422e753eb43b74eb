"""What the smoke tests are told, and how each of them ends."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from flagops.flagsmith_api.client import FlagsmithClient

SECONDS = 40.0  # for everything; removing what was made may take CLEAN_UP_SECONDS more
CLEAN_UP_SECONDS = 10.0
ORIGIN = "https://app.example.com"  # any page's: by default Flagsmith lets all of them ask
Authenticate = Callable[[FlagsmithClient], object]


class CheckStatus(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """One check.

    Attributes:
        name: The check's.
        outcome: How it ended.
        detail: What was seen, what is wrong, or why it was skipped.
        seconds: How long it took.
    """

    name: str
    outcome: CheckStatus
    detail: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class SmokeTarget:
    """The Flagsmith to test, and what is known of it.

    Attributes:
        url: Its address, without a path.
        public_url: The address that people use, whose certificate is looked at; None when there is none to look at.
        further: The other names that lead there.
        environment: The environment's name, None to find it by its key.
        environment_key: The environment's client-side key, None to ask Flagsmith for it.
        server_key: A server-side key of it, None to make one for the while.
        version: The release that it has to be; None when that is not known.
        staleness: Seconds after which a changed flag has to show, by the settings of the caches.
        authenticate: Makes a client an administrator's; None when nothing here can.
        project: The platform's project; None for the only one.
        origin: A page's origin from which browsers ask.
        seconds: After which everything has ended.
        has_edge: Whether proxies answer flags at this address in the API's place.
        is_edge: Whether nothing else answers there.
    """

    url: str
    public_url: str | None = None
    further: tuple[str, ...] = ()
    environment: str | None = None
    environment_key: str | None = None
    server_key: str | None = None
    version: str | None = None
    staleness: float = 10
    authenticate: Authenticate | None = None
    project: str | None = None
    origin: str = ORIGIN
    seconds: float = SECONDS
    has_edge: bool = False
    is_edge: bool = False


class CheckFailedError(Exception):
    """What a check found wrong; the message says what was seen and what was to be seen."""


class OutOfTimeError(CheckFailedError):
    """The time for everything is over."""


class CheckSkippedError(Exception):
    """Why a check cannot be made here."""
