"""Runs the server on loopback until it is told to end, and keeps its state in step with the source."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import uvicorn

from components.text import bounds
from flagops.errors import ConflictError, OpsError
from flagops.serving.server.state import Loaded, ServedState
from flagops.serving.web import follow
from flagops.serving.web.app import application

LOOPBACK: Final = "127.0.0.1"
GRACE: Final = 3  # seconds for requests that are being answered when the server ends
SETTLE: Final = 0.1  # seconds after which a file that cannot be read is looked at again: it may be half written


@dataclass(frozen=True)
class Source:
    """Where the environments come from.

    Attributes:
        label: What people call it.
        load: Reads it. Raises OpsError for what is wrong with it.
        path: The file to follow; None for a source that is read once.
    """

    label: str
    load: Callable[[], Loaded]
    path: Path | None = None


@dataclass
class Server:
    """A server of a state.

    Attributes:
        state: What it serves.
        source: Where that comes from.
        tell: Called with a line for people after each reload.
        warn: Likewise when the source is broken.
        ready: Called with the address once it answers.
    """

    state: ServedState
    source: Source
    known: follow.Signature = None
    tell: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    ready: Callable[[str], None] = lambda _: None
    _server: Any = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    def run(self, listening: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM, or `stop`."""
        with listening:
            asyncio.run(self._run(listening))

    def stop(self) -> None:
        """Let it end; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._server.should_exit = True
        self.state.changes.close()  # the server would wait for those who listen

    def _end_if_failed(self, task: "asyncio.Task[None]") -> None:
        """Nobody would notice that the source is followed no longer, or wait for an address that never comes."""
        if not task.cancelled() and task.exception() is not None:
            self._end()

    async def _run(self, listening: socket.socket) -> None:
        config = uvicorn.Config(
            application(self.state),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            http="h11",
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=GRACE,
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = nullcontext  # its own would end the process by the signal, and not in order
        self._loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._loop.add_signal_handler(number, self._end)
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._tell_ready(address_of(listening)))]
        for task in tasks:
            task.add_done_callback(self._end_if_failed)
        try:
            await self._server.serve(sockets=[listening])
        finally:
            for task in tasks:
                task.cancel()
            for found in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(found, Exception):
                    raise found

    async def _tell_ready(self, address: str) -> None:
        while not self._server.started:
            await asyncio.sleep(0.005)
        self.ready(address)

    async def _follow(self) -> None:
        if self.source.path is None:
            return
        async for found in follow.changes(self.source.path, self.known):
            await self._reload(self.source.path, found)

    async def _reload(self, path: Path, seen: follow.Signature) -> None:
        try:
            loaded = await asyncio.to_thread(self._load)
            known = self.state.loaded.notes
            changed = self.state.replace(loaded)
        except OpsError as error:
            await asyncio.sleep(SETTLE)
            if follow.signature(path) != seen:
                return  # which is the next change
            self.state.fail(error.message)
            self.warn(f"{error.message}\nThe last good state is served until this is put right.")
            return
        self.tell(f"Read {self.source.label} again: {_changed(changed)}.")
        for note in loaded.notes:
            if note not in known:
                self.warn(note)

    def _load(self) -> Loaded:
        with bounds.without_collecting():
            return self.source.load()


def _changed(names: list[str]) -> str:
    at = datetime.now().astimezone().strftime("%H:%M:%S")
    return f"{', '.join(names)} changed at {at}" if names else "nothing changed that is served"


def listen(port: int) -> socket.socket:
    """A socket on loopback that listens at this port, or at a free one for 0. Raises OpsError if it cannot."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        raise ConflictError(
            f"The port {port} of {LOOPBACK} cannot be used: {os.strerror(error.errno or 0)}.",
            hint="Name another one with --port, or take a free one with --port 0.",
        ) from None


def address_of(listening: socket.socket) -> str:
    """The address of a server that listens there."""
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}/"
