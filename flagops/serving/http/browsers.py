"""What browsers are told: pages of other origins may ask for flags, as with Flagsmith."""

from collections.abc import Mapping
from typing import Final

from flagops.serving.http.message import Answer, Request

EXPOSED: Final = "Retry-After"
"""The header that Flagsmith lets pages of other origins read."""
ALLOWED: Final = (
    "sentry-trace, x-environment-key, traceparent, user-agent, x-csrftoken, tracestate, authorization, accept, "
    "content-type, x-requested-with, origin, accept-encoding, baggage, x-e2e-test-auth-token, "
    "flagsmith-application-name, flagsmith-sdk-user-agent, dnt, flagsmith-application-version"
)
"""The headers that Flagsmith takes from pages of other origins."""


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what a page of another origin may ask for."""
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def preflight(allowed: str = ALLOWED) -> Answer:
    """The answer to that."""
    headers = {
        "Access-Control-Allow-Headers": allowed,
        "Access-Control-Allow-Methods": "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "Access-Control-Max-Age": "86400",
    }
    return Answer(kind="text/html; charset=utf-8", headers=headers)


def shared(request: Request, exposed: str = EXPOSED) -> Mapping[str, str]:
    """The headers by which a page of another origin may read an answer."""
    if "origin" not in request.headers:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed}
