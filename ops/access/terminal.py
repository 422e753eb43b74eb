"""A container's command on this terminal: raw, resized with it, until the command ends."""

import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ops.access.run import RESIZE, STATUS, STDIN, STDOUT, end, exit_code, open_exec
from ops.access.site import Site
from ops.engine.model import Manifest
from ops.errors import OpsError

if TYPE_CHECKING:
    from kubernetes.stream.ws_client import WSClient

PAUSE = 0.2  # seconds between two looks at a window whose size may have changed


def interactive(site: Site, pod: Manifest, command: Sequence[str], *, container: str | None = None) -> int:
    """Connect this terminal to a command in a container; the command's exit code.

    Raises OpsError when there is no terminal here, or the command cannot be started.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise OpsError(
            f"{command[0]} needs a terminal, and this is none.",
            hint=f"In a script: {site.kubectl} exec {pod['metadata']['name']} -- {command[0]} …",
        )
    what = f"Cannot run {command[0]} in the pod {pod['metadata']['name']}"
    socket = open_exec(site, pod, command, container=container, stdin=True, tty=True)
    try:
        with _raw():
            _relay(socket)
        return exit_code(socket.read_channel(STATUS), what)
    finally:
        end(socket)


def _relay(socket: "WSClient") -> None:
    keyboard, screen = sys.stdin.fileno(), sys.stdout.fileno()
    size: os.terminal_size | None = None
    while socket.is_open():
        current = shutil.get_terminal_size()
        if current != size:
            size = current
            message = f'{{"Width": {size.columns}, "Height": {size.lines}}}'
            socket.write_channel(RESIZE, message.encode())
        ready, _, _ = select.select([keyboard, socket.sock.sock], [], [], PAUSE)
        if keyboard in ready:
            typed = os.read(keyboard, 4096)
            if not typed:
                return
            socket.write_channel(STDIN, typed)
        if socket.sock.sock in ready:
            socket.update(timeout=0)
            os.write(screen, socket.read_channel(STDOUT))
    os.write(screen, socket.read_channel(STDOUT))


@contextmanager
def _raw() -> Iterator[None]:
    """Every key goes to the container, Ctrl-C too; the terminal is as before at the end."""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    previous = signal.getsignal(signal.SIGINT)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        signal.signal(signal.SIGINT, previous)
