"""How long a pod takes to end."""

from typing import Final

# Endpoints and load balancers need some seconds to learn that a pod is leaving; until then it must go on answering.
PRE_STOP_SECONDS: Final = 15
# How long Flagsmith lets a task of its queue run, unless the task says otherwise; on 2.265.0 seven of some hundred do.
STANDARD_TASK_SECONDS: Final = 60
# What gunicorn gives its workers by default, before what stands around it may end.
GUNICORN_SECONDS: Final = 30


def grace_period(gunicorn_timeout: int) -> int:
    """Seconds that a pod may take to stop: longer than gunicorn lets any request take, so that none is cut off."""
    return PRE_STOP_SECONDS + gunicorn_timeout + 15


def worker_grace_period(batch: int) -> int:
    """Seconds that a pod of the task processor may take to stop.

    On SIGTERM it takes no more tasks, and each thread does those that it has taken, one after the other; only then it
    writes which of them are done. One that is killed before leaves them locked for ever, those that are done too.

    Args:
        batch: how many tasks a thread takes at once.
    """
    return PRE_STOP_SECONDS + GUNICORN_SECONDS + batch * STANDARD_TASK_SECONDS + 15
