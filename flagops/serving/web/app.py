"""The application: carries requests over HTTP to what answers them, and answers back."""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.routing import Route

from flagops.serving.http import browsers, guard
from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.ofrep import evaluate, manifest
from flagops.serving.page.routes import OWN, page
from flagops.serving.sdk.keys import KEY, SERVER_SIDE, UPDATED_AT
from flagops.serving.sdk.routes import EVENTS, ROUTES, Handler, respond
from flagops.serving.server.carried import request_of, response
from flagops.serving.server.state import ServedState
from flagops.serving.server.streams import stream

EXPOSED: Final = f"{browsers.EXPOSED}, {UPDATED_AT}, ETag"
"""SDKs in browsers read the second one, which Flagsmith itself does not let them, and OpenFeature's the third."""
ALLOWED: Final = f"{browsers.ALLOWED}, x-api-key, if-none-match"
"""With the headers of OpenFeature's providers."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HEALTH: Final = "/health/liveness/"


def application(state: ServedState) -> Starlette:
    """The application that serves a state."""

    async def sdk(incoming: Incoming) -> Response:
        return await _carried(state, incoming)

    async def updates(incoming: Incoming) -> Response:
        return await stream(state, incoming)

    async def own(incoming: Incoming) -> Response:
        return await page(state, incoming)

    return Starlette(
        routes=[
            Route("/", own, methods=list(METHODS)),
            Route(f"{OWN}{{path:path}}", own, methods=list(METHODS)),
            Route("/sse/environments/{key}/stream", updates),
            Route("/{path:path}", sdk, methods=list(METHODS)),
        ]
    )


async def _carried(state: ServedState, incoming: Incoming) -> Response:
    try:
        request = await request_of(incoming)
        guard.check_host(request)
        if browsers.is_preflight(request):
            return response(browsers.preflight(ALLOWED), browsers.shared(request, EXPOSED))
        found = _answer(state, request)
        state.reports.asked(request, found)
    except RefusalError as refusal:
        return response(refusal.answer)
    return response(found, {} if _is_for_servers(request) else browsers.shared(request, EXPOSED))


def _answer(state: ServedState, request: Request) -> Answer:
    if request.path == HEALTH:
        return answer({"status": "ok"})
    if request.path.startswith(evaluate.PATH):
        return respond(state, request, {"POST": evaluate.evaluate})
    if request.path == manifest.PATH:
        first = next(iter(state.environments.values()))
        return respond(state, request, {"GET": lambda backend, asked: manifest.get(backend, asked, first)})
    for routes in (ROUTES, EVENTS):
        methods: Mapping[str, Handler] | None = routes.get(request.path) or routes.get(f"{request.path}/")
        if methods is not None:
            return respond(state, request, methods)
    return answer({"detail": "Not found."}, 404)


def _is_for_servers(request: Request) -> bool:
    """Whether a key is used that no browser may have: pages of other origins shall not read what it opens."""
    return any(key.startswith(SERVER_SIDE) for key in (request.headers.get(KEY, ""), evaluate.key_of(request)))
