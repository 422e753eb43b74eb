"""Sessions in containers that end without a good-bye: nodes do that, and evictions."""

import base64
import hashlib
import os
import pty
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import Configuration

from flagops.errors import OpsError
from flagops.pods.exec import run
from flagops.pods.terminal import interactive
from tests.servers import LOOPBACK

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
POD: dict[str, Any] = {
    "metadata": {"name": "flagsmith-0", "namespace": "feature-flags", "uid": "1"},
    "spec": {"containers": [{"name": "flagsmith"}]},
}
SUCCESS = b'{"status": "Success"}'
EXIT_3 = b'{"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}'
SECONDS = 10
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: the connection is reset when it is closed


def frame(channel: int, data: bytes) -> bytes:
    return bytes([0x82, len(data) + 1, channel]) + data


@contextmanager
def node(sends: bytes, *, resets: bool = False) -> Iterator[str]:
    """An API server that opens every websocket, sends these bytes, and hangs up without a word; its address."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(4096)
            key = next(
                line.split()[1] for line in request.splitlines() if line.lower().startswith(b"sec-websocket-key")
            )
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - as the protocol has it
            head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            connection.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + sends)
            if resets:
                connection.recv(4096)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(SECONDS)
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://{LOOPBACK}:{server.getsockname()[1]}"
        thread.join()


def instance(address: str, pod: dict[str, Any] | None = POD) -> Any:
    configuration = Configuration()
    configuration.host = address
    api = SimpleNamespace(configuration=configuration, update_params_for_auth=lambda *_: None)
    return SimpleNamespace(client=SimpleNamespace(host=address), api=api, get=lambda *_: pod, kubectl="kubectl")


@contextmanager
def terminal() -> Iterator[int]:
    """This process is in front of a terminal, for as long as this is open; the descriptor of its screen."""
    screen, keyboard = pty.openpty()
    with os.fdopen(keyboard, "r+b", buffering=0) as stream, pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", stream)
        patched.setattr("sys.stdout", stream)
        yield screen
    os.close(screen)


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize(("status", "code"), [(SUCCESS, 0), (EXIT_3, 3)])
def test_a_session_whose_node_hangs_up_at_its_end_ends_with_the_command_s_code(
    status: bytes, code: int, *, resets: bool
) -> None:
    with node(frame(1, b"bye") + frame(3, status), resets=resets) as address, terminal() as screen:
        assert interactive(instance(address), POD, ["sh"]) == code
        assert os.read(screen, 4096) == b"bye"


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (None, "the pod is gone"),
        ({**POD, "metadata": {**POD["metadata"], "uid": "2"}}, "the pod is gone"),
        ({**POD, "metadata": {**POD["metadata"], "deletionTimestamp": "now"}}, "the pod is being deleted"),
        (
            {**POD, "status": {"reason": "Evicted", "message": "low on memory"}},
            r"no longer there \(Evicted: low on mem",
        ),
        (POD, "the connection to it was lost"),
    ],
)
def test_a_session_that_breaks_off_says_why(now: dict[str, Any] | None, why: str) -> None:
    with (
        node(frame(1, b"$ ")) as address,
        terminal(),
        pytest.raises(OpsError, match=f"pod flagsmith-0 broke off: .*{why}"),
    ):
        interactive(instance(address, now), POD, ["sh"])


@pytest.mark.parametrize("resets", [False, True])
def test_a_command_whose_node_hangs_up_at_its_end_has_all_it_printed(*, resets: bool) -> None:
    with node(frame(1, b"out") + frame(2, b"err") + frame(3, EXIT_3), resets=resets) as address:
        done = run(instance(address), POD, ["true"], stdin=b"given")
    assert (done.code, done.out, done.err) == (3, "out", "err")


def test_a_command_that_breaks_off_is_an_error_of_ours() -> None:
    with node(frame(1, b"out")) as address, pytest.raises(OpsError, match="broke off before its end"):
        run(instance(address), POD, ["true"])
