"""Which path is answered by what."""

from collections.abc import Callable, Mapping
from typing import Final

from flagops.serving.http.message import Answer, RefusalError, Request
from flagops.serving.model.backend import Backend
from flagops.serving.sdk import analytics, environment_document, flags, identities

Handler = Callable[[Backend, Request], Answer]

ROUTES: Final[Mapping[str, Mapping[str, Handler]]] = {
    "/api/v1/flags/": {"GET": flags.get},
    "/api/v1/identities/": {"GET": identities.get, "POST": identities.post},
    "/api/v1/environment-document/": {"GET": environment_document.get},
    "/api/v1/analytics/flags/": {"POST": analytics.count},
    "/api/v2/analytics/flags/": {"POST": analytics.count_by_state},
}
"""The paths of Flagsmith itself."""
EVENTS: Final[Mapping[str, Mapping[str, Handler]]] = {"/v1/events": {"POST": analytics.events}}
"""The path of the address that events go to, another one with Flagsmith."""


def respond(backend: Backend, request: Request, methods: Mapping[str, Handler]) -> Answer:
    """The answer to a request, by those that a path has for its methods."""
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        return RefusalError(405, {"detail": f'Method "{request.method}" not allowed.'}).answer
    try:
        return handler(backend, request)
    except RefusalError as refusal:
        return refusal.answer
