"""Which of a delivery's server-side keys is used, which come to their end, and which are deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flagops.commands.keys.model import ServerKey


@dataclass(frozen=True)
class KeyPlan:
    """What is to become of a delivery's keys.

    Attributes:
        current: The one for the Secret; None where one is to be made, or none is wanted.
        needs_key: Whether one is to be made.
        is_resumed: Whether a rotation is completed that an earlier run had begun.
        ending: Those that get an end, or an earlier one.
        over: Those whose time is over: they are deleted once the Secret has the current one.
    """

    current: ServerKey | None
    needs_key: bool
    is_resumed: bool
    ending: tuple[ServerKey, ...]
    over: tuple[ServerKey, ...]


def plan(keys: Sequence[ServerKey], *, is_wanted: bool, rotates: bool, now: datetime, until: datetime) -> KeyPlan:
    """Decide, from the keys that have the delivery's name, the oldest first.

    More than one key without an end is a rotation that was interrupted: the newest is used, and no other is made.

    Args:
        keys: The keys.
        is_wanted: Whether the delivery has a server-side key at all.
        rotates: Whether it is to get another one; then no older one may outlive `until`.
        now: The time.
        until: When those that are replaced come to their end.
    """
    lasting = [key for key in keys if key.is_active and key.expires is None]
    is_resumed = is_wanted and len(lasting) > 1
    needs_key = is_wanted and (not lasting or (rotates and not is_resumed))
    current = lasting[-1] if is_wanted and not needs_key else None
    others = [key for key in keys if key is not current]
    over = [key for key in others if key.is_over(now)]
    ending = [key for key in others if key not in over and (key.expires is None or (rotates and key.expires > until))]
    if until <= now:
        over, ending = [*over, *ending], []
    return KeyPlan(current, needs_key, is_resumed, tuple(ending), tuple(over))
