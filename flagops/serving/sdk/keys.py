"""Whose key a request has."""

from typing import Final

from flagops.serving.http.message import RefusalError, Request
from flagops.serving.model.backend import Backend
from flagops.serving.model.environment import ServedEnvironment

KEY: Final = "x-environment-key"
SERVER_SIDE: Final = "ser."
"""What every server-side key begins with."""
UPDATED_AT: Final = "X-Flagsmith-Document-Updated-At"


def is_server_side(request: Request) -> bool:
    """Whether somebody asks with a server-side key."""
    return request.headers.get(KEY, "").startswith(SERVER_SIDE)


def environment_of(backend: Backend, request: Request, prefix: str = "") -> ServedEnvironment:
    """The environment of the request's key, which begins with `prefix`. Raises RefusalError, in Flagsmith's words."""
    key = request.headers.get(KEY, "")
    if not key or not key.startswith(prefix):
        raise RefusalError(403, {"detail": "Invalid or missing Environment key"})
    found = backend.environment(key)
    if found is None:
        raise RefusalError(403, {"detail": "Invalid or missing Environment Key"})
    return found


def updated_at(environment: ServedEnvironment) -> dict[str, str]:
    """The header that says how new an environment is."""
    return {UPDATED_AT: str(environment.timestamp)}
