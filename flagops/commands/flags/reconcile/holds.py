"""Holds: tags on flags, which people see in the dashboard, and which keep every apply away until they end."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from components.rollouts.in_pod.holds import FORMS, PREFIX
from components.rollouts.in_pod.holds import end_of as end_of
from components.rollouts.in_pod.holds import is_hold as is_hold
from flagops.commands.flags.history.last_run import stopped_writing_tags
from flagops.commands.flags.reconcile.change import Action, Change, FlagHold, ObjectKind
from flagops.commands.flags.server.snapshot import RemoteFlag, Snapshot

PENDING = "ff puts this on the flag: "
"""What the description of a hold's tag begins with until the tag is on its flag: whoever writes the flag's tags in that
moment knows by it that the hold is meant to be there."""
UNTIL, TAG = ("until",), ("tag",)
NEXT = timedelta(minutes=1)


def without_holds(tags: Collection[str]) -> frozenset[str]:
    """The other tags."""
    return frozenset(tag for tag in tags if not is_hold(tag))


def reason_of(description: str) -> str:
    """The flag and the reason, out of the description of a hold's tag."""
    return description.removeprefix(PENDING)


def is_of(label: str, description: str | None, flag: str) -> bool:
    """Whether a tag is that of a hold of this flag, as `ff` says in its description."""
    return is_hold(label) and reason_of(description or "").startswith(f"{flag} ")


def is_lost(label: str, description: str, flag: str, before: Mapping[str, str], now: datetime) -> bool:
    """Whether a tag that is not on its flag is that of a hold which somebody's writing of all tags took away.

    `before` are the descriptions of the tags that there were before that was written, by label: a tag that was there
    and not on the flag then was taken off by hand, unless it was just being put on. A hold that `ff` made says in its
    description whose it is.
    """
    if not is_of(label, description, flag):
        return False
    is_new = label not in before or before[label].startswith(PENDING)
    return is_new and _is_going(label, now)


def is_unsaid(label: str, description: str, flags: Collection[str], before: Collection[str], now: datetime) -> bool:
    """Whether a tag that no flag has is that of a hold that somebody made by hand meanwhile: it says of no flag.

    `flags` are the names of all flags, `before` the tags that there were.
    """
    is_new = is_hold(label) and label not in before and _is_going(label, now)
    return is_new and not any(is_of(label, description, flag) for flag in flags)


def loose(found: Snapshot, now: datetime) -> list[str]:
    """The tags of holds that have not ended, and are on no flag."""
    used = {label for flag in found.flags.values() for label in flag.tags}
    return [label for label in found.tags if is_hold(label) and label not in used and _is_going(label, now)]


def taken_off(found: Snapshot, now: datetime) -> dict[str, frozenset[str]]:
    """The tags of holds that an apply which did not come to its end may have taken off their flags, by flag.

    They cannot be told from what was taken off by hand since: a hold too many changes nothing.
    """
    if not stopped_writing_tags(found):
        return {}
    said = {label: found.tag_descriptions.get(label) for label in loose(found, now)}
    own = {name: frozenset(label for label in said if is_of(label, said[label], name)) for name in found.flags}
    return {name: labels for name, labels in own.items() if labels}


def nobodys(found: Snapshot, now: datetime) -> list[str]:
    """Those of which nothing says whose they are: somebody made them by hand."""
    if not stopped_writing_tags(found):
        return []
    known = frozenset[str]().union(*taken_off(found, now).values())
    return [label for label in loose(found, now) if label not in known]


def _is_going(label: str, now: datetime) -> bool:
    end = end_of(label)
    return end is None or end > now


def tag_of(end: datetime, taken: Collection[str] = ()) -> str:
    """The tag of a hold that ends in the minute after `end`, or the next one that is nobody else's."""
    end = end.astimezone(UTC).replace(second=0, microsecond=0) + NEXT
    while (tag := f"{PREFIX}{end:{FORMS[0][0]}}") in taken:
        end += NEXT
    return tag


def held(flag: RemoteFlag, now: datetime) -> str | None:
    """The tag that holds a flag now: of several the one that ends last, and one whose end cannot be read before all."""
    ends = {tag: end_of(tag) for tag in flag.tags if is_hold(tag)}
    going = [tag for tag in ends if _is_going(tag, now)]
    return max(going, key=lambda tag: ends[tag] or datetime.max.replace(tzinfo=UTC), default=None)


def over(flag: RemoteFlag, now: datetime) -> list[str]:
    """The tags of a flag's holds that have ended."""
    ends = {tag: end_of(tag) for tag in flag.tags if is_hold(tag)}
    return sorted(tag for tag, end in ends.items() if end is not None and end <= now)


def holds(found: Snapshot, now: datetime) -> dict[str, FlagHold]:
    """The flags that are held now."""
    going: dict[str, FlagHold] = {}
    off = taken_off(found, now)
    for name, flag in found.flags.items():
        tag = held(replace(flag, tags=flag.tags | off.get(name, frozenset())), now)
        if tag is not None:
            end = end_of(tag)
            until = end.isoformat() if end else None
            going[name] = FlagHold(name, tag, until, reason_of(found.tag_descriptions.get(tag, "")))
    return going


def ended(found: Snapshot, now: datetime) -> Iterator[Change]:
    """The steps that take away the tags of holds that are over."""
    for name, flag in found.flags.items():
        yield from (Change(Action.UPDATE, ObjectKind.HOLD, name, None, UNTIL, before=tag) for tag in over(flag, now))


def put_back(found: Snapshot, now: datetime) -> Iterator[Change]:
    """The steps that put the tags back which an apply that did not come to its end may have taken off."""
    for name, labels in taken_off(found, now).items():
        yield from (Change(Action.UPDATE, ObjectKind.HOLD, name, None, TAG, after=label) for label in sorted(labels))
