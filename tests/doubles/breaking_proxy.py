"""A proxy that passes a request on, and then breaks the connection in place of the answer."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

LOOPBACK = "127.0.0.1"
SECONDS = 60
Write = tuple[str, str, bytes]
"""The method, the path and the body."""


@dataclass
class BreakingProxy:
    """What it breaks, and what came by.

    Attributes:
        target: The server behind it.
        url: Its own address.
        breaks: Whether it breaks the answer to a request that nobody sent before; by default to each that writes.
        then: Is told of such a request when the server has carried it out, before the connection breaks.
        writes: How often each request came that was not to read.
    """

    target: str
    url: str = ""
    breaks: Callable[[Write], bool] = lambda write: write[0] != "GET"
    then: Callable[[Write], None] = lambda _: None
    writes: Counter[Write] = field(default_factory=Counter)


def _handler(proxy: BreakingProxy, http: httpx.Client) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            write = (self.command, self.path, body)
            if self.command != "GET":
                proxy.writes[write] += 1
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            answer = http.request(self.command, self.path, content=body, headers=kept)
            if proxy.breaks(write) and proxy.writes[write] <= 1:
                proxy.then(write)
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            for name in ("Content-Type", "Date", "Flagsmith-Version"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - as the library asks

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def breaking(target: str) -> Iterator[BreakingProxy]:
    """Serve it on loopback."""
    proxy = BreakingProxy(target)
    http = httpx.Client(base_url=target, trust_env=False, timeout=SECONDS)
    server = ThreadingHTTPServer((LOOPBACK, 0), _handler(proxy, http))
    proxy.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        http.close()
