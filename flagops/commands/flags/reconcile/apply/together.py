"""Does several steps of a plan at a time, and tells of them in the plan's order."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from flagops.commands.flags.reconcile.change import Change

THREADS = 4
"""As many requests as a Flagsmith with the defaults, two workers of two threads, answers at a time."""
Step = tuple[Callable[[], bool | None], list[Change]]
"""What does it, and the changes that it makes; False for what could not be done so, and was left."""


def together(steps: Iterable[Step], announce: Callable[[Change], None], *, threads: int = THREADS) -> bool:
    """Do the steps, and tell of each one's changes when it is done; whether all were done.

    When one fails, or the telling stops the run, those that did not begin are not done; those that were done by then
    are told of before the error is raised.
    """
    with ThreadPoolExecutor(threads) as pool:
        begun = [(pool.submit(do), changes) for do, changes in steps]
        told, all_done = 0, True
        try:
            for future, changes in begun:
                is_done = future.result() is not False
                told, all_done = told + 1, all_done and is_done
                for change in changes if is_done else ():
                    announce(change)
        except BaseException:
            for future, _ in begun:
                future.cancel()
            pool.shutdown(wait=True)
            for future, changes in begun[told:]:
                if not future.cancelled() and future.exception() is None and future.result() is not False:
                    for change in changes:
                        with suppress(Exception):  # it was done: that is said, whatever else goes wrong
                            announce(change)
            raise
        return all_done
