"""What one instance manager serves: its status, over TLS, at port 8000 of its pod's address."""

import json
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

PORT: Final = 8000
ATTEMPTS: Final = 50


class NoAddressError(OSError):
    """Port 8000 is free at no loopback address, or this system has only one such address."""


def listening() -> socket.socket:
    """A socket that listens at a loopback address of its own: of those of 127.0.0.0/8, each may stand for a pod's.

    Raises:
        NoAddressError: There is none.
    """
    for _ in range(ATTEMPTS):
        octets = (random.randrange(1, 255) for _ in range(3))  # noqa: S311 - no secret
        address = ".".join(str(octet) for octet in (127, *octets))
        found = socket.socket()
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((address, PORT))
            found.listen()
        except OSError:
            found.close()
        else:
            return found
    raise NoAddressError(
        f"No address of 127.0.0.0/8 lets a test listen at port {PORT}: end what listens at 0.0.0.0:{PORT}."
    )


@contextmanager
def served(
    listener: socket.socket, certificate: Path, status: Callable[[], Mapping[str, Any] | None]
) -> Iterator[None]:
    """Answer the operator at a listening socket, as an instance manager does.

    Args:
        listener: Where; closed in the end.
        certificate: A file with the certificate of the Cluster's servers and its key.
        status: What /pg/status answers; None as long as there is nothing to tell.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        """The paths that the operator asks."""

        def do_GET(self) -> None:
            found = status() if self.path == "/pg/status" else None
            content = json.dumps(found).encode() if found is not None else b""
            self.send_response(HTTPStatus.OK if found is not None else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        """A server whose handshakes hold up nobody else."""

        def get_request(self) -> tuple[socket.socket, Any]:
            plain, client = super().get_request()
            return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), client

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is no fault."""

    server = Server(listener.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
