"""A namespace that somebody else made, asked before a run: whether it is there, and what it lacks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.kit.api_server import DENIED
from flagops.errors import RefusedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.refusals import DeniedError

if TYPE_CHECKING:
    from components.settings import Settings


def looked_at(client: Client, settings: "Settings", context: str) -> tuple[str, ...]:
    """What the namespace lacks, in words; nothing for one that the stack makes.

    Raises RefusedError where it is to be there, and is not.
    """
    # The settings' model takes a second to import.
    from components.deployment.given_namespace import missing, warnings

    if settings.namespace.create:
        return ()

    def fetch(path: str) -> Mapping[str, Any] | None:
        try:
            return client.fetch(path)
        except DeniedError:
            return DENIED

    if fetch(f"/api/v1/namespaces/{settings.namespace.name}") is None:
        raise RefusedError(f"{missing(settings.namespace.name, context)}.")
    return tuple(warnings(settings, fetch))
