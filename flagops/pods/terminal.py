"""A container's command on this terminal: raw, resized with it, until the command ends."""

import os
import select
import shutil
import signal
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from flagops.errors import AnswerError, BadInputError, OpsError
from flagops.kubernetes.objects import Manifest
from flagops.pods.exec import RESIZE, STATUS, STDIN, STDOUT, end, exit_code, open_exec, received
from flagops.pods.websocket import lost
from flagops.stacks.deployed import Instance

if TYPE_CHECKING:
    from kubernetes.stream.ws_client import WSClient

PAUSE = 0.2  # seconds between two looks at a window whose size may have changed


def interactive(instance: Instance, pod: Manifest, command: Sequence[str], *, container: str | None = None) -> int:
    """Connect this terminal to a command in a container; the command's exit code.

    Raises OpsError when there is no terminal here, or the command cannot be started.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInputError(
            f"{command[0]} needs a terminal, and there is none.",
            hint=f"In a script: {instance.kubectl} exec {pod['metadata']['name']} -- {command[0]} …",
        )
    socket = open_exec(instance, pod, command, container=container, stdin=True, tty=True)
    try:
        # A node may end the session without a word: what came before tells how it ended.
        with _raw(), suppress(*lost()):
            _relay(socket)
        _show(received(socket, STDOUT))
        status = received(socket, STATUS)
        if not status:
            raise AnswerError(f"The session in the pod {pod['metadata']['name']} broke off: {_why(instance, pod)}.")
        return exit_code(status, f"Cannot run {command[0]} in the pod {pod['metadata']['name']}")
    finally:
        end(socket)


def _why(instance: Instance, pod: Manifest) -> str:
    """What became of the pod of a session that was not ended by its command."""
    with suppress(OpsError):
        now = instance.get("v1", "Pod", pod["metadata"]["name"])
        if now is None or now["metadata"]["uid"] != pod["metadata"]["uid"]:
            return "the pod is gone"
        status = now.get("status", {})
        if status.get("reason"):
            return f"the pod is no longer there ({status['reason']}: {status.get('message', 'without a message')})"
        if "deletionTimestamp" in now["metadata"]:
            return "the pod is being deleted"
    return "the connection to it was lost"


def _show(data: bytes) -> None:
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.stdout.fileno(), data)


def _relay(socket: "WSClient") -> None:
    keyboard = sys.stdin.fileno()
    size: os.terminal_size | None = None
    while socket.is_open() and socket.sock.sock is not None:
        current = shutil.get_terminal_size()
        if current != size:
            size = current
            message = f'{{"Width": {size.columns}, "Height": {size.lines}}}'
            socket.write_channel(RESIZE, message.encode())
        remote = socket.sock.sock
        # What TLS has taken from the socket already is invisible to select().
        is_pending = isinstance(remote, ssl.SSLSocket) and remote.pending() > 0
        ready, _, _ = select.select([keyboard, remote], [], [], 0 if is_pending else PAUSE)
        if keyboard in ready:
            typed = os.read(keyboard, 4096)
            if not typed:
                return
            socket.write_channel(STDIN, typed)
        if is_pending or remote in ready:
            socket.update(timeout=0)
            _show(socket.read_channel(STDOUT))


@contextmanager
def _raw() -> Iterator[None]:
    """Every key goes to the container, Ctrl-C too; the terminal is as before at the end."""
    # Not on Windows.
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    previous = signal.getsignal(signal.SIGINT)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.signal(signal.SIGINT, previous)
