"""Gunicorn's configuration of Flagsmith's API: Flagsmith's own, and a worker that stops sends what it has counted.

Each worker sums up for a minute what SDKs report and how often it is asked, and sends the sums with the next report or
request after that. Nothing in Flagsmith sends them when it stops: each rollout would lose up to a minute of both.
"""

import os
import sys
import threading
import time

try:
    from common.gunicorn import conf
    from common.gunicorn.conf import *  # noqa: F403 - what gunicorn looks for in its configuration
except ImportError:  # a release that has it elsewhere: the API has to start all the same
    conf = None

# As of Flagsmith 2.265.0: of evaluations that SDKs report, and of requests.
CACHES = (("app_analytics.views", "feature_evaluation_cache"), ("app_analytics.services", "api_usage_cache"))
# Sums of requests are written by threads, which end with the process. One row each: it takes milliseconds.
SECONDS = 5


def send(module, name, log):
    """Send what a cache of this process holds; what cannot be sent is told, and lost as it always was."""
    cache = getattr(sys.modules.get(module), name, None)
    if cache is None:
        return
    try:
        with cache._lock:  # noqa: SLF001 - there is no public way
            cache._flush()  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 - such as a database that is away; the worker has to end all the same
        log.warning("Usage of up to a minute is lost: %s of %s: %s", name, module, type(error).__name__)


def send_all(log):
    """Send what all caches hold, and wait for it.

    In threads: the main one has a connection to the database that was made before the fork, and is all workers' own.
    """
    before = set(threading.enumerate())
    end = time.monotonic() + SECONDS
    senders = [threading.Thread(target=send, args=(module, name, log), daemon=True) for module, name in CACHES]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(max(0.0, end - time.monotonic()))
    for thread in set(threading.enumerate()) - before:
        # One that is only about to start cannot be waited for; there is none once the senders are done.
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))


def worker_exit(server, worker):
    """Gunicorn calls it in a worker that stops, and in the parent for one that is gone, which has nothing to send."""
    if worker.pid == os.getpid():
        send_all(server.log)
    theirs = getattr(conf, "worker_exit", None)
    if theirs is not None:
        theirs(server, worker)
