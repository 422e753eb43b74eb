"""Changes of an environment as they happen (server-sent events), in the form of Flagsmith's real-time service."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from starlette.requests import Request as Incoming
from starlette.responses import JSONResponse, Response, StreamingResponse

from flagops.serving.http import browsers, guard
from flagops.serving.http.message import RefusalError, Request, answer
from flagops.serving.server.changes import Changes
from flagops.serving.server.state import ServedState

EVENT: Final = "environment_updated"
PING: Final = 15.0  # seconds without news, after which a comment keeps the connection
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def stream(state: ServedState, incoming: Incoming) -> Response:
    """The changes of the environment whose key is in the path; first of all, when it changed last.

    An SDK that was away while the environment changed, or that fetched it just before, so learns that it is late.
    """
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    request = Request(incoming.method, incoming.url.path, headers=headers)
    shared = browsers.shared(request)
    try:
        guard.check_host(request)
        name = _environment(state, str(incoming.path_params["key"]))
        made = events(state.changes, name, EVENT, lambda: _news(state, name), shared)
    except RefusalError as refusal:
        return JSONResponse(refusal.content, refusal.status, dict(shared))
    state.reports.asked(request, answer(None, environment=name))
    return made


def _environment(state: ServedState, key: str) -> str:
    found = state.environment(key)
    if found is None:
        raise RefusalError(403, {"detail": "Invalid or missing Environment Key"})
    return found.name


def _news(state: ServedState, name: str) -> dict[str, Any] | None:
    found = state.environments.get(name)
    return {"updated_at": found.timestamp} if found else None


def events(
    changes: Changes, topic: str, event: str, news: Callable[[], Any], headers: Any = None, pause: float = 0.0
) -> StreamingResponse:
    """A stream that says `news` at once and whenever the topic's bell rings. Raises RefusalError when too many listen.

    Args:
        changes: Whose bells they are.
        topic: Which of them.
        event: The events' name.
        news: What there is to say, as JSON; None for nothing.
        headers: More headers.
        pause: Seconds to wait after each event, in which further ones come together.
    """
    if changes.is_full:
        raise RefusalError(503, {"detail": f"{len(changes)} connections listen already, which is the most."})
    told = _told(changes, topic, event, news, pause)
    return StreamingResponse(told, media_type="text/event-stream", headers={**HEADERS, **(headers or {})})


async def _told(changes: Changes, topic: str, event: str, news: Callable[[], Any], pause: float) -> AsyncIterator[str]:
    with changes.bell(topic) as bell:
        bell.ring()
        while not bell.is_over:
            if not await bell.heard(PING):
                yield ": still here\n\n"
                continue
            found = None if bell.is_over else news()
            if found is not None:
                yield f"event: {event}\ndata: {json.dumps(found, ensure_ascii=False)}\n\n"
            if pause:
                await bell.over(pause)
