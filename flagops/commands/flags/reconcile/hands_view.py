"""Prints what a plan leaves alone, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from shlex import quote
from types import MappingProxyType

from rich.console import Console

from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagHold, FlagPlan, ObjectKind, Why
from flagops.commands.flags.reconcile.judged import Owner, owner
from flagops.commands.flags.reconcile.view import in_quotes, on_or_off, value_in_words
from flagops.commands.flags.spec import ProjectSpec

FEW = 3
"""Names that a message lists."""


def show_hands(console: Console, plan: FlagPlan, written: Mapping[Owner, Sequence[str]] = MappingProxyType({})) -> None:
    """The switches of people, the holds, and the conflicts; what was `written` of something before it was stopped."""
    for line in plan.people:
        console.print(f" . {line}", style="dim", markup=False, soft_wrap=True)
    for hold in plan.holds:
        console.print(f" = {held_in_words(hold)}", style="cyan", markup=False, soft_wrap=True)
    for (kind, name), conflicts in groupby(plan.conflicts, key=lambda item: (item.kind, item.name)):
        places = ", ".join(written.get((kind, name), ()))
        after = f", after this was written: {places}" if places else ""
        console.print(f" ! {kind} {name}: left as it is{after}", style="red", markup=False, soft_wrap=True)
        for conflict in conflicts:
            console.print(f"     {in_conflict(conflict)}", style="red", markup=False, soft_wrap=True)
    if plan.conflicts:
        console.print(f"   {what_to_do(plan.conflicts)}", style="red", markup=False, soft_wrap=True)


def written_of(changes: Iterable[Change], wanted: ProjectSpec) -> dict[Owner, list[str]]:
    """Where something of each flag and segment was written."""
    places: dict[Owner, dict[str, None]] = {}
    for change in changes:
        of = owner(change, wanted)
        what = "its definition" if change.kind is of[0] else "its segment"
        places.setdefault(of, {})[change.environment or what] = None
    return {of: list(names) for of, names in places.items()}


def left_alone(plan: FlagPlan) -> list[str]:
    """The holds and the conflicts, a line each."""
    held = [f"{held_in_words(hold)}." for hold in plan.holds]
    return held + [f"{item.kind} {item.name} is left as it is: {in_conflict(item)}." for item in plan.conflicts]


def held_in_words(hold: FlagHold) -> str:
    """A hold in one line."""
    end = f"until {when(hold.until)}" if hold.until else f"by the tag {hold.tag}, whose end cannot be read"
    reason = f": {hold.reason}" if hold.reason else ""
    waiting = f"; changes that wait: {hold.waiting}" if hold.waiting else ""
    return f"flag {hold.name} is held {end}{reason}{waiting}"


def in_conflict(conflict: FlagConflict) -> str:
    """A conflict in one line: what is live, who did that and when, what the catalogue wants."""
    change = conflict.change
    own = "" if change.kind is not ObjectKind.SEGMENT or conflict.kind is ObjectKind.SEGMENT else "its segment "
    where = f"{change.environment}: " if change.environment else ""
    if conflict.why is Why.NEEDED:
        return f"{where}it needs a segment that is left as it is"
    if conflict.why is Why.MEANWHILE:
        return f"{where}{own}{conflict.said}: somebody changed it while this apply was at work, or undid what it wrote"
    if conflict.why is Why.ELSEWHERE:
        return f"{conflict.said}, which the catalogue does not name; the catalogue wants {_wanted(change)}"
    if conflict.why is Why.UNKNOWN:
        return f"{where}{_what(change)}, and who did that cannot be told; the catalogue wants {_wanted(change)}"
    part = " ".join(change.field)
    done = f"{part} was deleted".strip() if conflict.why is Why.DELETED else f"{own}{_what(change)}"
    by = f" by {conflict.who}" if conflict.who else ""
    at = f" at {when(conflict.at)}" if conflict.at else ""
    since = f"{by}{at}" or " since the last apply; the audit log does not show by whom"
    why = f" ({conflict.reason})" if conflict.reason else ""
    return f"{where}{done}, changed{since}{why}; the catalogue wants {_wanted(change)}"


def _what(change: Change) -> str:
    place = " ".join(change.field[:-1] if change.field[-1:] == ("enabled",) else change.field)
    if change.field[-1:] == ("enabled",):
        return f"{place} is {on_or_off(change.before)}".strip()
    if change.action is Action.CREATE:
        return f"{place or 'it'} is not there"
    if change.before is None:
        return f"{place or 'it'} is another"
    words = in_quotes if change.field[-1:] == ("value",) else value_in_words
    return f"{place} is {words(change.before)}".strip()


def _wanted(change: Change) -> str:
    if change.action is Action.DELETE:
        return "it gone"
    if change.action is Action.CREATE:
        return "it there"
    if change.field[-1:] == ("enabled",):
        return on_or_off(change.after)
    return in_quotes(change.after) if change.field[-1:] == ("value",) else value_in_words(change.after)


def what_to_do(conflicts: Iterable[FlagConflict]) -> str:
    """How conflicts end."""
    names = list(dict.fromkeys(item.name for item in conflicts if item.why is not Why.NEEDED))
    one = names[0] if names else "FLAG"
    listed = ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")
    why = (
        " Without a stack, notes or an audit log ff cannot tell whose change a switch is, and undoes none."
        if any(item.why is Why.UNKNOWN for item in conflicts)
        else ""
    )
    return (
        f"Stopped: {listed}.{why} Let the catalogue follow (ff flags export --only {quote(one)}), "
        f"or take it back (--take-back {quote(one)})."
    )


def when(text: str) -> str:
    """A moment for people."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
