"""Does several steps of a plan at a time, and tells of them in the plan's order."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.change import Change
from flagops.flagsmith_api.client import FlagsmithError, is_ambiguous

THREADS = 4
"""As many requests as a Flagsmith with the defaults, two workers of two threads, answers at a time."""


@dataclass(frozen=True)
class WriteStep:
    """A step.

    Attributes:
        do: What does it; False for what could not be done so, and was left.
        changes: The changes that it makes.
        is_one_request: Whether one request does all of it: then nothing of it is done when that is refused.
    """

    do: Callable[[], bool | None]
    changes: list[Change]
    is_one_request: bool = False


class Telling(Protocol):
    """Who is told of steps."""

    def begin(self, changes: list[Change]) -> None:
        """They are done next. Called from several threads; what it raises keeps the step from being done."""

    def refused(self, changes: list[Change]) -> None:
        """The server refused a step, and nothing of it was done. Called from several threads."""

    def announce(self, change: Change) -> None:
        """It is done. Told again of the same change, it does nothing."""

    def leave(self, changes: list[Change], error: ChangedMeanwhileError) -> None:
        """They are not done, since somebody changed their object meanwhile."""


class _Begun:
    def __init__(self, future: "Future[bool | None]", changes: list[Change]) -> None:
        self.future, self.changes = future, changes
        self._untold = deque(changes)

    def settle(self, to: Telling) -> bool:
        """Wait for its end, and tell what was not told yet; False where it could not be done so."""
        try:
            is_done = self.future.result() is not False
        except ChangedMeanwhileError as error:
            self._untold.clear()
            to.leave(self.changes, error)
            return True
        while is_done and self._untold:
            to.announce(self._untold[0])
            self._untold.popleft()
        return is_done


def together(steps: Iterable[WriteStep], to: Telling, *, threads: int = THREADS) -> bool:
    """Do the steps, and tell of each one's changes when it is done; whether all were done.

    When one fails, or the telling stops the run, those that did not begin are not done; those that were done by then
    are told of before the error is raised. What was changed meanwhile is no failure: it is left, and the others go on.
    """

    def doing(step: WriteStep) -> bool | None:
        to.begin(step.changes)
        try:
            return step.do()
        except FlagsmithError as error:
            if step.is_one_request and not is_ambiguous(error):
                to.refused(step.changes)
            raise

    with ThreadPoolExecutor(threads) as pool:
        begun = [_Begun(pool.submit(doing, step), step.changes) for step in steps]
        try:
            told = [step.settle(to) for step in begun]
        except BaseException:
            for step in begun:
                step.future.cancel()
            pool.shutdown(wait=True)
            for step in begun:
                if not step.future.cancelled():
                    _tell_all(step, to)
            raise
    return all(told)


def _tell_all(step: _Begun, to: Telling) -> None:
    """What was done is said, whatever else goes wrong."""
    for _ in range(len(step.changes) + 1):
        with suppress(Exception):
            step.settle(to)
            return
