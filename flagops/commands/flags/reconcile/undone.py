"""Whether a change would undo what somebody did: what the last apply left, compared with what is live."""

from collections.abc import Callable

from flagops.commands.flags.history.applies import Touched
from flagops.commands.flags.history.left import Facts, Left
from flagops.commands.flags.reconcile import facts
from flagops.commands.flags.reconcile.change import Change, ObjectKind, Why
from flagops.commands.flags.server.snapshot import RemoteFlag


def is_about(change: Change) -> Callable[[Touched], bool]:
    """What tells whether something that a run touched is what a change is about."""

    def is_it(item: Touched) -> bool:
        is_there = item.environments is None or change.environment in item.environments
        return is_there and (item.kind, item.name) == (change.kind, change.name)

    return is_it


def is_override(change: Change) -> bool:
    """Whether an override comes or goes, which switches its segment."""
    return change.field[:1] == ("override",) and len(change.field) == 2


def is_half_made(change: Change, before: Facts | None, live: Facts) -> bool:
    """Whether a variation was made and has no weight yet, or lost it and is still there: each is a step of its own."""
    if change.field[:1] != ("variation",):
        return False
    was, now = (facts.below(of, change.field[:2]) for of in (before or {}, live))
    return not was or {**was, (*change.field[:2], "weight"): 0.0} == now


def is_as_made(change: Change, left: Left | None, flag: RemoteFlag | None) -> bool:
    """Whether a flag is off in an environment as it was made: notes know the flag, and no apply was at it there."""
    if left is None or flag is None or change.kind is not ObjectKind.FLAG or change.field != (facts.SWITCH,):
        return False
    noted = {*left.objects, *left.pending}
    is_new = (change.kind, change.name, None) in noted and (change.kind, change.name, change.environment) not in noted
    return is_new and not flag.is_made_on and not flag.states[change.environment or ""].enabled


def compared(change: Change, left: Facts, live: Facts | None) -> Why | None:
    """Why a change of something that was noted stops; None where it is as it was left."""
    if live is None:
        return Why.DELETED
    if facts.is_same(change.field, left, live):
        return None
    return Why.DELETED if not facts.below(live, change.field) else Why.CHANGED
