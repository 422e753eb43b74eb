"""A port of a component's pods on this machine."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

from flagops.errors import ConflictError, OpsError
from flagops.kubernetes.objects import Manifest
from flagops.pods import pods
from flagops.pods.tunnel import Tunnel
from flagops.stacks.deployed import Instance
from flagops.unexpected import show

LOOPBACK = "127.0.0.1"
OnProblem = Callable[[str], None]


def _ignore(_: str) -> None:
    """Nobody is told."""


def forward(
    instance: Instance, component: str, port: int, *, local_port: int = 0, on_problem: OnProblem = _ignore
) -> AbstractContextManager[int]:
    """As `forward_to`, to a ready pod of one of the stack's components."""

    def choose() -> Manifest:
        return pods.running(instance, component)

    return forward_to(instance, choose, port, local_port=local_port, on_problem=on_problem)


@contextmanager
def forward_to(
    instance: Instance,
    choose: Callable[[], Manifest],
    port: int,
    *,
    local_port: int = 0,
    on_problem: OnProblem = _ignore,
) -> Iterator[int]:
    """Listen on loopback and carry each connection to `port` of the pod that `choose` names; the local port.

    The pod is chosen anew when it is gone, so that a forward outlives a rollout.

    Args:
        instance: Where.
        choose: A ready pod; it raises OpsError when there is none.
        port: The pod's port.
        local_port: The port here; a free one if 0.
        on_problem: Is told why a connection could not be made; the connection itself is just closed.

    Raises:
        SimulatedError: Nothing listens in any pod.
        OpsError: No pod is ready, or the local port is taken.
    """
    instance.require_containers()
    carrier = _Carrier(instance, choose, port, on_problem)
    carrier.choose()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            carrier.carry(self.request)

    try:
        server = _Server((LOOPBACK, local_port), Handler)
    except OSError as error:
        raise ConflictError(
            f"The port {local_port} of this machine cannot be used: {error.strerror}.",
            hint="Choose another port; 0 takes a free one.",
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.close_all()
        server.server_close()
        thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, *args: object) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)  # type: ignore[arg-type]

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101 - tells mypy what a TCP server gets
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Note an error in a connection's thread; the connection is closed. The base class prints a stack trace."""
        error = sys.exception()
        if error is not None:
            show(error, ["port-forward"])

    def close_all(self) -> None:
        """End the connections there are, so that their threads end too."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Carrier:
    def __init__(self, instance: Instance, choose: Callable[[], Manifest], port: int, on_problem: OnProblem) -> None:
        self._instance, self._choose, self._port, self._on_problem = instance, choose, port, on_problem
        self._pod: Manifest | None = None
        self._lock = threading.Lock()

    def choose(self) -> Manifest:
        """The pod in use; another one if that is gone."""
        with self._lock:
            if self._pod is None:
                self._pod = self._choose()
            return self._pod

    def carry(self, client: socket.socket) -> None:
        """Carry one connection to its end."""
        try:
            tunnel = self._tunnel()
        except OpsError as error:
            self._on_problem(error.message)
            return
        problem = tunnel.carry(client)
        if problem:
            self._on_problem(f"The pod does not answer on port {self._port}: {problem}")
            self._forget()

    def _tunnel(self) -> Tunnel:
        try:
            return Tunnel(self._instance, self.choose(), self._port)
        except OpsError:
            self._forget()
            return Tunnel(self._instance, self.choose(), self._port)

    def _forget(self) -> None:
        with self._lock:
            self._pod = None
