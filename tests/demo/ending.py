"""Ctrl-C, SIGTERM and the end of the time: each ends the demo in order, whatever it is at."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


class EndingError(BaseException):
    """The demo is to end. No Exception, so that no library takes it for a failure of its own.

    Attributes:
        number: The signal; SIGALRM when the time is over.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ending:
    """Raises EndingError at the first signal; while something is started or ended, once that is done.

    Later signals change nothing: it ends already.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._is_raised = False
        self._holds = 0

    @contextmanager
    def watched(self, seconds: float) -> Iterator[None]:
        """Listen to signals, and end when the time is over."""
        before = {number: signal.signal(number, self._told) for number in SIGNALS}
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Start or end something as a whole: what is half started, nobody would end."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        self._raise()

    def _told(self, number: int, _: FrameType | None) -> None:
        if self._number is None:
            self._number = number
        self._raise()

    def _raise(self) -> None:
        if self._number is not None and not self._is_raised and not self._holds:
            self._is_raised = True
            raise EndingError(self._number)
