"""Whether the last change of a rollout's segment was the rollout's own: a step, or what a person said to it.

Those are no apply's, and by another account than an apply's; and they change nothing that an apply brings.
"""

from components.rollouts.in_pod.notes import brought
from components.rollouts.in_pod.shares import conditions
from flagops.commands.flags.reconcile.change import Change, ObjectKind
from flagops.commands.flags.reconcile.running import is_own_share
from flagops.commands.flags.server.snapshot import RemoteSegment, Snapshot


def is_as_its_rollout_left_it(change: Change, found: Snapshot) -> bool:
    """Whether nobody changed the share, its conditions or the steps since the rollout wrote what it remembers.

    Whoever wrote that had read the steps, and remembers a digest of them. So this needs neither notes nor a clock.
    """
    there = _segment(change, found)
    if there is None or there.rollout is None or there.memory is None or there.rules is None:
        return False
    return (
        is_own_share(there)
        and there.memory.brought == brought(there.rollout)
        and there.rollout.conditions == conditions(there.rules.as_json())
    )


def is_unreadable(change: Change, found: Snapshot) -> bool:
    """Whether a change would go over what is there of a rollout, and cannot be read: somebody's hand was on it."""
    there = _segment(change, found)
    return there is not None and bool(there.unreadable)


def _segment(change: Change, found: Snapshot) -> RemoteSegment | None:
    return found.segments.get(change.name) if change.kind is ObjectKind.SEGMENT else None
