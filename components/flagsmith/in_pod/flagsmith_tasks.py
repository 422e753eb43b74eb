"""Gunicorn's configuration of Flagsmith's task processor: Flagsmith's own, and a task that ends closes its connections.

Flagsmith does each task in a thread of its own. Django keeps a connection for each thread, and closes none when a
thread ends: it stays until Python's garbage collector comes by. With a long queue these are more than PostgreSQL has.

The thread that waits for a task has a connection too. PostgreSQL must not close that one for being idle, which would
lose what has been done: the task's lock would run out, and it would be done again.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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


install()
