"""How long a pod takes to end."""

from typing import Final

# Endpoints and load balancers need some seconds to learn that a pod is leaving; until then it must go on answering.
PRE_STOP_SECONDS: Final = 15


def grace_period(gunicorn_timeout: int) -> int:
    """Seconds that a pod may take to stop: longer than gunicorn lets any request take, so that none is cut off."""
    return PRE_STOP_SECONDS + gunicorn_timeout + 15
