"""The proxy: it forwards each request, and a fault changes the request, the answer, or the manner of answering."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import httpx

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DROPPED = frozenset(["connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive", "host"])
BYTE_SECONDS = 0.5  # between two bytes of an answer that trickles


class Manner(StrEnum):
    """How an answer is sent."""

    WELL = "well"
    HANG = "hang"
    CLOSE = "close"
    TRICKLE = "trickle"
    CUT = "cut"
    ENDLESS = "endless"


@dataclass(frozen=True)
class Ask:
    """A request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.target.partition("?")[2]).items()}

    @property
    def key(self) -> str | None:
        return self.headers.get("x-environment-key")

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    def with_query(self, **values: str) -> "Ask":
        return replace(self, target=f"{self.path}?{urlencode({**self.query, **values})}")

    def with_json(self, body: object) -> "Ask":
        return replace(self, body=json.dumps(body).encode())

    def with_key(self, key: str | None) -> "Ask":
        others = {name: value for name, value in self.headers.items() if name != "x-environment-key"}
        return replace(self, headers={**others, **({"x-environment-key": key} if key is not None else {})})


@dataclass(frozen=True)
class Answer:
    """An answer, and how it is sent."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    manner: Manner = Manner.WELL

    @property
    def json(self) -> Any:
        """The body, where the answer is good and JSON; None otherwise."""
        is_json = self.headers.get("content-type", "").startswith("application/json")
        return json.loads(self.body) if is_json and self.body and self.status < 300 else None

    def with_json(self, body: object) -> "Answer":
        return replace(self, body=json.dumps(body).encode())

    def without(self, *headers: str) -> "Answer":
        return replace(self, headers={name: value for name, value in self.headers.items() if name not in headers})

    def having(self, **headers: str) -> "Answer":
        return replace(self, headers={**self.headers, **{name.replace("_", "-"): v for name, v in headers.items()}})


Forward = Callable[[Ask], Answer]
Fault = Callable[[Ask, Forward], Answer]


@cache
def _trusted() -> ssl.SSLContext:
    """Who is trusted, read once: that takes longer than most proxies live."""
    return httpx.create_ssl_context(trust_env=False)


@contextmanager
def serve_fault(upstream: str, fault: Fault, application: "WSGIApplication | None" = None) -> Iterator[str]:
    """The address of a proxy before `upstream` that has a fault.

    `application` is what answers at `upstream`, where this process has it: it is asked without a connection, which
    with its thread took a quarter of each request.
    """
    ended = threading.Event()
    transport = None if application is None else httpx.WSGITransport(application)
    with httpx.Client(base_url=upstream, timeout=30, trust_env=False, verify=_trusted(), transport=transport) as http:

        def forward(ask: Ask) -> Answer:
            kept = {name: value for name, value in ask.headers.items() if name not in (*DROPPED, "accept-encoding")}
            found = http.request(ask.method, ask.target, headers=kept, content=ask.body)
            headers = {name.lower(): value for name, value in found.headers.items() if name.lower() not in DROPPED}
            return Answer(found.status_code, headers, found.content)

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = fault(Ask(self.command, self.path, headers, self.rfile.read(size)), forward)
                with suppress(OSError):
                    _send(self, answer, ended)
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_one  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            ended.set()
            server.shutdown()
            server.server_close()
            thread.join()


def _send(handler: BaseHTTPRequestHandler, answer: Answer, ended: threading.Event) -> None:
    if answer.manner is Manner.CLOSE:
        return
    if answer.manner is Manner.HANG:
        ended.wait()
        return
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(2**40 if answer.manner is Manner.ENDLESS else len(answer.body)))
    handler.end_headers()
    if answer.manner is Manner.TRICKLE:
        for number in range(len(answer.body)):
            handler.wfile.write(answer.body[number : number + 1])
            if ended.wait(BYTE_SECONDS):
                return
    elif answer.manner is Manner.ENDLESS:
        while not ended.is_set():
            handler.wfile.write(b" " * 65536)
    else:
        handler.wfile.write(answer.body[: len(answer.body) // 2] if answer.manner is Manner.CUT else answer.body)
