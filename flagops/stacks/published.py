"""Where the stack `local` is to be served on this machine, by its settings."""

from flagops.local_cluster.model import Published
from flagops.stacks.files import Stack


def published_by(stack: Stack) -> Published | None:
    """What the file of a stack with valid settings says; None where it names no port of the nodes."""
    # The settings' model takes a second to import.
    from components.settings.networks import WEB_PORTS, place

    settings = stack.settings
    if settings.service.node_port is None:
        return None
    return Published(
        url=settings.url,
        port=place(settings.url, WEB_PORTS)[1],
        node_port=settings.service.node_port,
        setting=f"{stack.project}:publicUrl of {stack.path.name}",
    )
