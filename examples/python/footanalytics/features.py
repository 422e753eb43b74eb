"""The features of users, by Flagsmith's SDK; and what they are while Flagsmith is away."""

import logging
from collections.abc import Mapping

import requests
from flagsmith import Flagsmith
from flagsmith.exceptions import FlagsmithAPIError, FlagsmithClientError
from flagsmith.models import DefaultFlag, Flags
from urllib3.util import Retry

from footanalytics.settings import KEY, URL, Service

Trait = bool | int | float | str
Traits = Mapping[str, Trait]

SECONDS = 5
"""How long to wait for an answer: whoever waits for a page should not notice."""
ORIGINAL = "original_dashboard"
# What everybody gets without Flagsmith. Hebrew stays: nobody should lose a language in an outage.
DEFAULTS = {
    "ml_model_v2_enabled": DefaultFlag(enabled=False, value=None),
    "gpu_optimization_enabled": DefaultFlag(enabled=True, value=None),
    "advanced_analytics_enabled": DefaultFlag(enabled=False, value=None),
    "real_time_processing_enabled": DefaultFlag(enabled=False, value=None),
    "hebrew_ui_enabled": DefaultFlag(enabled=True, value=None),
    "new_dashboard_enabled": DefaultFlag(enabled=False, value="control"),
    "dashboard_ab_test": DefaultFlag(enabled=True, value=ORIGINAL),
    "new_feature_rollout": DefaultFlag(enabled=False, value=None),
}
UNKNOWN = DefaultFlag(enabled=False, value=None)


class Features:
    """Asks Flagsmith, and gives the defaults when it does not answer.

    Attributes:
        problem: Why defaults are given; None while all is well. Flagsmith is then not asked again by this object, so
            that an outage costs one timeout and not one for each user. A service would ask again after a while.
    """

    def __init__(self, service: Service) -> None:
        # The SDK logs an outage with its whole traceback; `problem` says it in a line.
        for name in ("flagsmith", "urllib3"):
            logging.getLogger(name).addHandler(logging.NullHandler())
        self.problem: str | None = None
        self._client = Flagsmith(
            environment_key=service.key,
            api_url=service.url,
            enable_local_evaluation=service.has_server_side_key,
            enable_analytics=True,
            request_timeout_seconds=SECONDS,
            # A refused connection is worth a second attempt; an answer that did not come is not waited for twice.
            retries=Retry(connect=1, read=False, backoff_factor=0.1),
        )

    def of(self, identity: str, traits: Traits, *, transient: bool = False) -> Flags:
        """All flags of a user, in one evaluation; with `transient`, Flagsmith does not keep the user."""
        if self.problem is not None:
            return Flags(default_flag_handler=_default)
        # The client could call `_default` by itself, but then nobody would learn what was wrong.
        try:
            flags = self._client.get_identity_flags(identity, dict(traits), transient=transient)
        except FlagsmithAPIError as error:
            self.problem = _problem(error)
            return Flags(default_flag_handler=_default)
        flags.default_flag_handler = _default
        return flags

    def evaluation(self, identity: str) -> str:
        """Where flags are evaluated. Without a document the SDK asks Flagsmith, also with a server-side key."""
        if self.problem is not None:
            return "defaults"
        try:
            self._client.get_identity_segments(identity)
        except FlagsmithClientError:
            return "remote"
        return "local"

    def send_usage(self) -> None:
        """Send what was counted of the reading of flags. The SDK does so by itself, but only every ten seconds."""
        processor = self._client._analytics_processor  # noqa: SLF001 - it has no public name
        if processor is not None:
            processor.flush()


def _default(name: str) -> DefaultFlag:
    return DEFAULTS.get(name, UNKNOWN)


def _problem(error: FlagsmithAPIError) -> str:
    """What happened, in a line; the SDK keeps it in the cause."""
    cause = error.__cause__
    if isinstance(cause, requests.HTTPError) and cause.response is not None:
        status = cause.response.status_code
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            return f"Flagsmith refuses the key in {KEY}"
        hint = f" (does {URL} end in /api/v1/?)" if status in (404, 405) else ""
        return f"Flagsmith answers with status {status}{hint}"
    if isinstance(cause, requests.JSONDecodeError):
        return f"Flagsmith answers with no JSON (does {URL} end in /api/v1/?)"
    if isinstance(cause, requests.Timeout):
        return f"Flagsmith did not answer within {SECONDS} s"
    if isinstance(cause, requests.ConnectionError):
        return "Flagsmith cannot be reached"
    return f"Flagsmith gave no flags ({type(cause).__name__})"
