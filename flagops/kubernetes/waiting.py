"""Waiting for a condition: polls with a growing pause, until a deadline or until the run is stopped."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from flagops.errors import OpsError

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.1, 2.0, 1.4  # seconds, seconds, factor
T = TypeVar("T")


class DeadlineError(Exception):
    """The condition did not come true in time."""


def until(check: Callable[[], T | None], seconds: float, stop: Event) -> T:
    """The first result of `check` that is not None.

    Raises DeadlineError after `seconds`, and OpsError when `stop` is set meanwhile.
    """
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while True:
        result = check()
        if result is not None:
            return result
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DeadlineError
        if stop.wait(min(pause, remaining)):
            raise OpsError("Stopped while waiting.", hint="Run again: it goes on where this run ended.")
        pause = min(pause * GROWTH, LONGEST_PAUSE)
