"""Requests that end in time whatever the server does, and what is noted of each.

A time-out of a socket counts from byte to byte: a server that sends one byte a second is never late for it. So the
requests run in an event loop, where the whole of one can be given up.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from typing import TypeVar

import httpx

from flagops.commands.smoke.ledger import Ledger
from flagops.commands.smoke.model import CheckFailedError, OutOfTimeError
from flagops.trust import authorities

MOST_SECONDS = 10.0  # for one answer, where the client that asks would wait longer
CONNECTION_SECONDS = 1.0  # an idle connection is used again for; below the time for which servers keep it
LARGEST_ANSWER = 64 * 2**20  # bytes; a document of some thousand flags has a few


T = TypeVar("T")


class Deadline:
    """When everything has to have ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._ends - time.monotonic())

    def check(self) -> None:
        """Raise OutOfTimeError when it is over."""
        if not self.left:
            raise OutOfTimeError(f"the {self.seconds:g} s of --timeout were over")

    def extend(self, seconds: float) -> None:
        """Let it be at least so many seconds from now on: for removing what was made."""
        self._ends = max(self._ends, time.monotonic() + seconds)


class InTime(httpx.BaseTransport):
    """A transport for httpx' clients. Several threads may use it, and several clients."""

    def __init__(self, deadline: Deadline, ledger: Ledger, *, verify: bool = True) -> None:
        """A transport whose requests end with `deadline` and are noted in `ledger`."""
        self._deadline, self._ledger = deadline, ledger
        self._loop = asyncio.new_event_loop()
        limits = httpx.Limits(keepalive_expiry=CONNECTION_SECONDS)
        self._transport = httpx.AsyncHTTPTransport(
            verify=authorities() if verify else False, limits=limits, trust_env=False
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="smoke requests", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer, within the time that its client gives one. Raises OutOfTimeError, or an error of httpx."""
        self._deadline.check()
        allowed = request.extensions.get("timeout", {}).get("read") or MOST_SECONDS
        seconds, started = min(allowed, MOST_SECONDS, self._deadline.left), time.monotonic()
        problem, status = "", 0
        try:
            answer = asyncio.run_coroutine_threadsafe(self._answer(request, seconds), self._loop).result()
            status = answer.status_code
        except httpx.RequestError as error:
            self._deadline.check()  # then it is the run that ended, not the answer that failed
            problem = str(error) or type(error).__name__
            raise
        finally:
            if problem or status:
                self._ledger.note(request, status, problem, time.monotonic() - started)
        return answer

    async def _answer(self, request: httpx.Request, seconds: float) -> httpx.Response:
        try:
            async with asyncio.timeout(seconds):
                answer = await self._transport.handle_async_request(request)
                body = await self._body(request, answer)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no whole answer within {seconds:.1f} s", request=request) from None
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))

    async def _body(self, request: httpx.Request, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        stream = answer.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError(type(stream).__name__)
        try:
            async for part in stream:
                parts.append(part)
                size += len(part)
                if size > LARGEST_ANSWER:
                    raise httpx.ReadError(f"the answer has more than {LARGEST_ANSWER >> 20} MiB", request=request)
        finally:
            await answer.aclose()
        return b"".join(parts)

    def shut(self) -> None:
        """Close the connections. Not `close`, which a client calls that is one of several."""
        closing = asyncio.run_coroutine_threadsafe(self._transport.aclose(), self._loop)
        with suppress(Exception):
            closing.result(CONNECTION_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONNECTION_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


def bounded(what: str, work: Callable[[], T], seconds: float) -> T:
    """The result of `work`, for what brings requests of its own. Raises CheckFailedError when it takes longer.

    The thread is left to itself then; it ends with the process.
    """
    ended: Queue[tuple[T | None, Exception | None]] = Queue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            ended.put((None, error))

    threading.Thread(target=run, name=what, daemon=True).start()
    try:
        result, error = ended.get(timeout=max(0.0, seconds))
    except Empty:
        raise CheckFailedError(f"{what} had no end within {seconds:.0f} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
