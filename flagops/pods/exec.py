"""Runs commands in containers."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flagops.errors import AnswerError, DeadlineError, FailedError
from flagops.kubernetes.objects import Manifest
from flagops.pods.pods import container as container_of
from flagops.pods.websocket import explained, headers, lost, subresource, without_query
from flagops.stacks.deployed import Instance

if TYPE_CHECKING:
    # The Kubernetes SDK takes half a second to import.
    from kubernetes.stream.ws_client import WSClient

STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)  # channels of Kubernetes' remote-command protocol
CHUNK = 64 * 1024  # bytes a message


@dataclass(frozen=True)
class Completed:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


def run(
    instance: Instance,
    pod: Manifest,
    command: Sequence[str],
    *,
    container: str | None = None,
    stdin: bytes | Iterable[bytes] | None = None,
    seconds: float = 60,
) -> Completed:
    """Run a command in a pod's container and wait for its end.

    Args:
        instance: Where.
        pod: The pod.
        command: Program and arguments. They are seen in the process list of the container: no secret belongs in them.
        container: The container's name; the pod's default one if None.
        stdin: What the command reads, at once or in pieces.
        seconds: After how long it counts as hung.

    Raises:
        OpsError: It could not be started, or did not end in time. A command that fails raises nothing.
    """
    name = pod["metadata"]["name"]
    what = f"Cannot run {command[0]} in the pod {name}"
    socket = open_exec(instance, pod, command, container=container, stdin=stdin is not None, tty=False)
    deadline = time.monotonic() + seconds
    out, err = bytearray(), bytearray()
    try:
        # Whatever came before the connection was lost may be all there was: the status tells.
        with suppress(*lost()):
            if stdin is not None:
                for piece in _pieces(stdin) if isinstance(stdin, bytes) else stdin:
                    socket.write_channel(STDIN, piece)
                socket.close_channel(STDIN)
            while socket.is_open():
                socket.update(timeout=min(1.0, max(0.0, deadline - time.monotonic())))
                out += socket.read_channel(STDOUT)
                err += socket.read_channel(STDERR)
                if time.monotonic() >= deadline:
                    raise DeadlineError(f"{what}: it has not ended after {seconds:g} s.")
        out += received(socket, STDOUT)
        err += received(socket, STDERR)
        code = exit_code(received(socket, STATUS), what)
    finally:
        end(socket)
    return Completed(code, out.decode(errors="replace"), err.decode(errors="replace"))


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]


def open_exec(
    instance: Instance, pod: Manifest, command: Sequence[str], *, container: str | None, stdin: bool, tty: bool
) -> "WSClient":
    """An open connection to a command that is running in a container."""
    # The Kubernetes SDK takes half a second to import.
    from kubernetes.stream.ws_client import WSClient, get_websocket_url

    query = [("container", container_of(pod, container)), *(("command", word) for word in command)]
    # With a terminal the container's errors come through the terminal.
    streams = {"stdin": stdin, "stdout": True, "stderr": not tty, "tty": tty}
    query += [(key, str(value).lower()) for key, value in streams.items()]
    path = subresource(pod, "exec", query)
    with explained(instance, f"Cannot run {command[0]} in the pod {pod['metadata']['name']}"):
        url = get_websocket_url(instance.client.host + path)
        return WSClient(instance.api.configuration, url, headers(instance, path), capture_all=False, binary=True)


def received(connection: "WSClient", channel: int) -> bytes:
    """What has come on a channel and was not read yet, also when the connection is no longer there."""
    try:
        return bytes(connection.read_channel(channel))
    except lost():
        return b""


def end(connection: "WSClient") -> None:
    """Close it whoever ended first: its own close() leaves the socket open once the other side has said good-bye."""
    with suppress(*lost()):
        connection.close()
    connection.sock.shutdown()


def exit_code(status: bytes, what: str) -> int:
    """The exit code in the status that Kubernetes sends at the end; OpsError when the command never ran."""
    try:
        found: dict[str, Any] = json.loads(status)
    except ValueError:
        raise AnswerError(f"{what}: the connection broke off before its end.", hint="Run it again.") from None
    if found.get("status") == "Success":
        return 0
    causes = (found.get("details") or {}).get("causes") or []
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise FailedError(f"{what}: {without_query(found.get('message', 'no reason is given'))}")
