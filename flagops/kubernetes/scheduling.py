"""Why a pod has no node, as the scheduler says it."""

from enum import Enum, auto

from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition

# The scheduler's plugins for volumes say one of these words in each of their reasons, and no other plugin does.
VOLUME_WORDS = ("claim", "volume")


class Lacks(Enum):
    """What a pod that is not scheduled waits for."""

    NODE = auto()
    VOLUME = auto()


def why_unscheduled(pod: Manifest) -> Lacks | None:
    """What the pod waits for; None for one that has its node, or was not looked at yet.

    The condition's reason is `Unschedulable` whatever the cause is, and its message one sentence about all nodes, so
    the sentence is read: here, and nowhere else.
    """
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return None
    message = str(scheduled.get("message", "")).lower()
    return Lacks.VOLUME if any(word in message for word in VOLUME_WORDS) else Lacks.NODE
