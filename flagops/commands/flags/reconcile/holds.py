"""Holds: tags on flags, which people see in the dashboard, and which keep every apply away until they end."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from components.rollouts.in_pod.holds import FORMS, PREFIX
from components.rollouts.in_pod.holds import end_of as end_of
from components.rollouts.in_pod.holds import is_hold as is_hold
from flagops.commands.flags.reconcile.change import Action, Change, FlagHold, ObjectKind
from flagops.commands.flags.server.snapshot import RemoteFlag, Snapshot

UNTIL = ("until",)
NEXT = timedelta(minutes=1)


def without_holds(tags: Collection[str]) -> frozenset[str]:
    """The other tags."""
    return frozenset(tag for tag in tags if not is_hold(tag))


def tag_of(end: datetime, taken: Collection[str] = ()) -> str:
    """The tag of a hold that ends in the minute after `end`, or the next one that is nobody else's."""
    end = end.astimezone(UTC).replace(second=0, microsecond=0) + NEXT
    while (tag := f"{PREFIX}{end:{FORMS[0][0]}}") in taken:
        end += NEXT
    return tag


def held(flag: RemoteFlag, now: datetime) -> str | None:
    """The tag that holds a flag now: of several the one that ends last, and one whose end cannot be read before all."""
    ends = {tag: end_of(tag) for tag in flag.tags if is_hold(tag)}
    going = [tag for tag, end in ends.items() if end is None or end > now]
    return max(going, key=lambda tag: ends[tag] or datetime.max.replace(tzinfo=UTC), default=None)


def over(flag: RemoteFlag, now: datetime) -> list[str]:
    """The tags of a flag's holds that have ended."""
    ends = {tag: end_of(tag) for tag in flag.tags if is_hold(tag)}
    return sorted(tag for tag, end in ends.items() if end is not None and end <= now)


def holds(found: Snapshot, now: datetime) -> dict[str, FlagHold]:
    """The flags that are held now."""
    going: dict[str, FlagHold] = {}
    for name, flag in found.flags.items():
        tag = held(flag, now)
        if tag is not None:
            end = end_of(tag)
            until = end.isoformat() if end else None
            going[name] = FlagHold(name, tag, until, found.tag_descriptions.get(tag, ""))
    return going


def ended(found: Snapshot, now: datetime) -> Iterator[Change]:
    """The steps that take away the tags of holds that are over."""
    for name, flag in found.flags.items():
        yield from (Change(Action.UPDATE, ObjectKind.HOLD, name, None, UNTIL, before=tag) for tag in over(flag, now))
