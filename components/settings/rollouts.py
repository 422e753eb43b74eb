"""Rolling updates: how many pods one adds at once, and how long it may take."""

from typing import Final

# Kubernetes rounds up. Four turns then renew all pods, however many there are; one at a time, 24 would take 24.
SURGE_PERCENT: Final = 25
# What a pod takes at most: a minute until it serves (46 to 97 s were seen on two busy cores, with the migration), and
# 15 s in which the one that it replaces still holds its room on a full node (PRE_STOP_SECONDS).
POD_SECONDS: Final = 75
# Kubernetes' progressDeadlineSeconds, as it is by default: a rollout in which no pod became ready for so long is stuck.
PROGRESS_SECONDS: Final = 600


def surge(replicas: int) -> int:
    """How many pods more than `replicas` there are in a rolling update."""
    return -(-replicas * SURGE_PERCENT // 100)


def max_surge(most: int, added: int) -> int | str:
    """How a Deployment says that it adds `added` pods at its most: as a share, unless it has no room for the share."""
    return f"{SURGE_PERCENT}%" if 1 < added == surge(most) else added


def rollout_seconds(most: int) -> int:
    """Seconds that a rolling update of `most` pods may take, which is how long everything waits for it.

    Enough for one pod after the other, where a quota or the nodes have no room for more; one that is stuck is noticed
    after `PROGRESS_SECONDS`.

    Args:
        most: the replicas, or the most that an autoscaler may make of them.
    """
    return PROGRESS_SECONDS + (most - 1) * POD_SECONDS
