"""A double of Flagsmith's Edge Proxy, which says what a real one was recorded saying."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote

RECORDED: Mapping[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "recorded.json").read_text(encoding="utf-8")
)
Answer = dict[str, Any]


@dataclass
class Edge:
    """A proxy.

    Attributes:
        documents: The key of the environment whose document it has, by client-side key.
        updated: When it last had all of them, as it says it; None for one that never had.
        is_reached: Whether a path leads to it; all others lead to Flagsmith, which here knows nothing.
    """

    documents: dict[str, str] = field(default_factory=dict)
    updated: str | None = RECORDED["ready"]["body"]["last_successful_update"]
    is_reached: Callable[[str], bool] = lambda _: True
    url: str = ""

    def answer(self, path: str, key: str | None, user: str | None = None) -> Answer:
        """As the real one: percent-encoding is decoded, and nothing else of a path is understood."""
        route = unquote(path.partition("?")[0])
        if route == "/proxy/health/readiness":
            said = deepcopy(RECORDED["ready" if self.updated else "empty"])
            said["body"]["last_successful_update"] = self.updated
            return said
        if route not in ("/api/v1/flags/", "/api/v1/identities/", "/api/v1/environment-document"):
            return RECORDED["not_found"]
        if key not in self.documents:
            return RECORDED["unknown_key"]
        if route == "/api/v1/environment-document":
            said = deepcopy(RECORDED["document"])
            said["body"]["api_key"] = self.documents[key]
            return said
        if route == "/api/v1/flags/":
            return RECORDED["flags"]
        said = deepcopy(RECORDED["identity"])
        said["body"]["identifier"] = user or said["body"]["identifier"]
        return said


def _user(path: str, body: bytes) -> str | None:
    """Who is asked for, by the query or a body in JSON."""
    asked = parse_qs(path.partition("?")[2]).get("identifier")
    with suppress(ValueError, AttributeError):
        return asked[0] if asked else json.loads(body).get("identifier")
    return None


@contextmanager
def serve(edge: Edge, port: int = 0, *, host: str = "127.0.0.1") -> Iterator[Edge]:
    """The proxy on a port of this machine; a free one if 0."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            # As it was sent: `self.path` has no doubled slash at its start any more.
            path = self.requestline.split()[1]
            if edge.is_reached(path):
                said = edge.answer(path, self.headers.get("X-Environment-Key"), _user(path, sent))
                headers = RECORDED["headers"]
            else:
                said = {"status": 200, "body": RECORDED["flags"]["body"]}
                headers = {"Flagsmith-Version": "2.265.0", "content-type": "application/json"}
            body = json.dumps(said["body"]).encode()
            self.send_response(said["status"])
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _any  # noqa: N815 - as the base class calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((host, port), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        edge.url = f"http://{host}:{server.server_address[1]}"
        yield edge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
