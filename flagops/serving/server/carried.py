"""Requests from Starlette, and answers for it."""

from collections.abc import Mapping

from starlette.requests import Request as Incoming
from starlette.responses import Response

from flagops.serving.http.body import MOST_BYTES, too_large
from flagops.serving.http.message import Answer, Request


async def request_of(incoming: Incoming) -> Request:
    """The request with its body. Raises RefusalError for one that is too large."""
    body = bytearray()
    async for part in incoming.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise too_large()
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    return Request(incoming.method, incoming.url.path, dict(incoming.query_params), headers, bytes(body))


def response(found: Answer, more: Mapping[str, str] | None = None) -> Response:
    """An answer for Starlette."""
    headers = {**found.headers, **(more or {}), "X-Content-Type-Options": "nosniff"}
    if found.kind:
        headers["Content-Type"] = found.kind
    return Response(found.body, found.status, headers)
