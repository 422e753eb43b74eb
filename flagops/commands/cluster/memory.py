"""What the local stack needs of memory, and whether Docker has it."""

from typing import Final

from flagops.local_cluster import docker
from flagops.stacks.files import Stack

GIB: Final = 1024**3
NODES: Final = 3 * GIB // 2
"""What kind's four nodes take themselves, with room to spare: the API server and etcd on one, a kubelet on each. Each
node takes all of Docker's memory for its own, so that the scheduler does not see when it is short."""


def said(stack: Stack) -> tuple[str, bool]:
    """What the stack needs and Docker has, in a sentence, and whether it is enough; empty if Docker does not tell."""
    # The settings' model takes a second to import.
    from components.settings.budget import need

    has, wants = docker.memory(), need(stack.settings)["requests.memory"]
    if has is None:
        return "", True
    text = (
        f"The stack {stack.name!r} asks for {wants / GIB:.1f} GiB of memory at most, in an update with all Jobs, and "
        f"the cluster's nodes for about {NODES / GIB:.1f} GiB; Docker has {has / GIB:.1f} GiB."
    )
    if has < wants + NODES:
        text += " Pods can be ended for want of it: give Docker more (Docker Desktop: Settings, Resources)."
    return text, has >= wants + NODES
