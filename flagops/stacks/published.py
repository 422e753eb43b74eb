"""Where the stack `local` is to be served on this machine, by its settings."""

from typing import Final
from urllib.parse import urlsplit

from flagops.local_cluster.model import Published
from flagops.stacks.files import Stack

SCHEME_PORTS: Final = {"http": 80, "https": 443}


def published_by(stack: Stack) -> Published | None:
    """What the file of a stack with valid settings says; None where it names no port of the nodes."""
    settings = stack.settings
    if settings.service.node_port is None:
        return None
    parts = urlsplit(settings.url)
    return Published(
        url=settings.url,
        port=parts.port or SCHEME_PORTS[parts.scheme],
        node_port=settings.service.node_port,
        setting=f"{stack.project}:publicUrl of {stack.path.name}",
    )
