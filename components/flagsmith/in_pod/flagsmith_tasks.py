"""Gunicorn's configuration of Flagsmith's task processor: Flagsmith's own, and two faults of its tasks mended.

A task that ends closes its connections, and a process that is told to end does the tasks that it has taken.

Flagsmith does each task in a thread of its own. Django keeps a connection for each thread, and closes none when a
thread ends: it stays until Python's garbage collector comes by. With a long queue these are more than PostgreSQL has.

The thread that waits for a task has a connection too. PostgreSQL must not close that one for being idle, which would
lose what has been done: the task's lock would run out, and it would be done again.

When gunicorn has ended, so does Python, which from then on starts no thread for a task: what was taken and not begun
failed, each with one of its three attempts gone (seen with flagsmith-common 3.16.0). So the end waits for them.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from typing import ParamSpec, TypeVar

from django.db import connections

# A release may have it elsewhere: its tasks have to be done all the same.
with suppress(ImportError):
    from common.gunicorn.conf import *  # noqa: F403 - what gunicorn looks for in its configuration

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class ClosingExecutor(ThreadPoolExecutor):
    """What runs in it has no connection left when it ends, whatever its end."""

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """As of the class; then the thread's connections are closed."""

        def closing() -> Result:
            try:
                return fn(*args, **kwargs)
            finally:
                connections.close_all()

        return super().submit(closing)


def install() -> None:
    """Have Flagsmith do its tasks in such threads; a release that does them elsewhere is told of."""
    try:
        from task_processor import processor
    except ImportError:
        processor = None
    if not hasattr(processor, "ThreadPoolExecutor"):
        logging.getLogger(__name__).warning(
            "This release does its tasks in another way: each may leave a connection to the database open."
        )
        return
    processor.ThreadPoolExecutor = ClosingExecutor


def finish_before_the_end() -> None:
    """Have what stops the threads wait until they have done what they had taken."""
    try:
        from task_processor import threads
    except ImportError:
        threads = None
    coordinator = getattr(threads, "TaskRunnerCoordinator", None)
    stop = getattr(coordinator, "stop", None)
    if coordinator is None or stop is None:
        logging.getLogger(__name__).warning(
            "This release stops its threads in another way: tasks that a stopping pod has taken may fail."
        )
        return

    def stop_and_wait(self: Thread) -> None:
        stop(self)
        self.join()

    coordinator.stop = stop_and_wait


install()
finish_before_the_end()
