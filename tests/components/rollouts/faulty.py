"""A server with one fault, which says byte by byte what it is told."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.servers import LOOPBACK

Answer = Callable[[socket.socket], None]


def http(body: str | bytes, status: str = "200 OK", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    named = {"Content_Type": "application/json", "Content_Length": str(len(content)), **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def result(kind: str, found: object, **more: object) -> bytes:
    return http(json.dumps({"status": "success", "data": {"resultType": kind, "result": found}, **more}))


def vector(moment: object, value: object, labels: object = None) -> bytes:
    return result("vector", [{"metric": {} if labels is None else labels, "value": [moment, value]}])


class Faulty:
    """A server that answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self._answer, self._context = answer, context
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port = self._listening.getsockname()[1]
        self.asked: list[bytes] = []
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            spoken = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with spoken:
                self.asked.append(spoken.recv(65536))
                self._answer(spoken)
                with suppress(OSError):
                    spoken.shutdown(socket.SHUT_WR)

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def serving(answer: Answer | bytes, context: ssl.SSLContext | None = None) -> Iterator[Faulty]:
    sent = (lambda connection: connection.sendall(answer)) if isinstance(answer, bytes) else answer
    server = Faulty(sent, context)
    try:
        yield server
    finally:
        server.stop()
