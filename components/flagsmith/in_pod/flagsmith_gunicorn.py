"""Gunicorn's configuration of Flagsmith's API: Flagsmith's own, and a worker that stops sends what it has counted.

Each worker sums up for a minute what SDKs report and how often it is asked, and sends the sums with the next report or
request after that. Nothing in Flagsmith sends them when it stops: each rollout would lose up to a minute of both.
"""

import os
import sys
import threading
import time
from importlib.util import find_spec
from typing import Any, Protocol

try:
    from common.gunicorn import conf
    from common.gunicorn.conf import *  # noqa: F403 - what gunicorn looks for in its configuration
except ImportError:  # a release that has it elsewhere: the API has to start all the same
    conf = None

# As of Flagsmith 2.265.0: of evaluations that SDKs report, and of requests.
CACHES = (("app_analytics.views", "feature_evaluation_cache"), ("app_analytics.services", "api_usage_cache"))
# Sums of requests are written by threads, which end with the process. One row each: it takes milliseconds.
SECONDS = 5
LOST = "Usage of up to a minute is lost"


class Log(Protocol):
    """What is used of gunicorn's log."""

    def warning(self, msg: str, *args: object) -> None:
        """Write a line."""


class Server(Protocol):
    """What is used of gunicorn's parent process."""

    log: Log


class Worker(Protocol):
    """What is used of a worker."""

    pid: int


def exists(module: str) -> bool:
    """Whether the release has a module, loaded or not."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def send(module: str, name: str, log: Log) -> None:
    """Send what a cache of this process holds; what cannot be sent is told, and lost as it always was."""
    loaded = sys.modules.get(module)
    if loaded is None and exists(module):
        return  # nothing was served, so that there is nothing to send
    cache: Any = getattr(loaded, name, None)
    if cache is None:
        log.warning("%s: this release has no %s of %s", LOST, name, module)
        return
    try:
        with cache._lock:  # noqa: SLF001 - there is no public way
            cache._flush()  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 - such as a database that is away; the worker has to end all the same
        log.warning("%s: %s of %s: %s", LOST, name, module, type(error).__name__)


def send_all(log: Log) -> None:
    """Send what all caches hold, and wait for it.

    In threads: the main one has a connection to the database that was made before the fork, and is all workers' own.
    """
    before = set(threading.enumerate())
    end = time.monotonic() + SECONDS
    senders = [
        threading.Thread(target=send, args=(module, name, log), name=f"{name} of {module}", daemon=True)
        for module, name in CACHES
    ]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(max(0.0, end - time.monotonic()))
    for thread in set(threading.enumerate()) - before:
        # One that is only about to start cannot be waited for; there is none once the senders are done.
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))
        if thread.is_alive():
            log.warning("%s: not sent within %d s: %s", LOST, SECONDS, thread.name)


def worker_exit(server: Server, worker: Worker) -> None:
    """Gunicorn calls it in a worker that stops, and in the parent for one that is gone, which has nothing to send."""
    if worker.pid == os.getpid():
        send_all(server.log)
    theirs = getattr(conf, "worker_exit", None)
    if theirs is not None:
        theirs(server, worker)
