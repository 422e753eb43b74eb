"""Prints a plan, as Pulumi prints a preview."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape

from flagops.commands.flags.reconcile.change import Action, Change, Counts, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.compare import ORDER
from flagops.commands.flags.reconcile.timetable_words import Timetable
from flagops.terminal.listing import Column, Gives, Listing

SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.ARCHIVE: ("-", "red"),
    Action.ADOPT: ("=", "cyan"),
}
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.ARCHIVE: "archived",
    Action.ADOPT: "adopted",
}
REMARKS = {
    Action.ADOPT: " (adopted)",
    # Seen on 2.265.0: archived flags are in /flags/, in the answers for identities, and in the environment's document.
    Action.ARCHIVE: " (archived: hidden in the UI, and served as it is)",
}
LONGEST = 120  # characters of a value
PROJECT = "the project"
COLUMNS = ("create", "update", "delete", "archive", "adopt", "unchanged")


def show(console: Console, plan: FlagPlan) -> None:
    """Every change, what is left alone, and the totals by environment."""
    for (kind, name), changes in groupby(plan.changes, key=lambda change: (change.kind, change.name)):
        _object(console, f"{kind} {name}", list(changes))
    for line in plan.unmanaged:
        console.print(f" . {escape(line)}: not in the catalogue, left alone", style="dim", soft_wrap=True)
    for line in (*plan.affected, *plan.waiting):
        console.print(f" ! {escape(line)}", style="yellow", soft_wrap=True)
    if plan.changes or plan.unmanaged or plan.affected or plan.waiting:
        console.print()
    console.print(_table(plan.counts()))


def show_timetables(console: Console, found: Iterable[Timetable]) -> None:
    """When each share is there, of the rollouts that come or change."""
    for number, item in enumerate(found):
        if not number:
            console.print("\nTimetables", style="bold")
        console.print(f" {item.flag} in {item.environment}: {item.said}", markup=False, soft_wrap=True)


def _object(console: Console, title: str, changes: list[Change]) -> None:
    whole = [change for change in changes if not change.field and change.environment is None]
    sign, style = SIGNS[whole[0].action if whole else Action.UPDATE]
    what = REMARKS.get(whole[0].action, "") if whole else ""
    shown = whole[0].after if whole and whole[0].action is Action.CREATE else None
    described = f": {value_in_words(shown)}" if shown else ""
    console.print(f" {sign} {title}{what}{described}", style=style, markup=False, soft_wrap=True)
    for change in changes:
        if change not in whole:
            sign, style = SIGNS[change.action]
            console.print(f"     {sign} {in_words(change)}", style=style, markup=False, soft_wrap=True)


def in_words(change: Change) -> str:
    """A step in one line, without its object."""
    if change.kind is ObjectKind.HOLD:
        if change.after is not None:
            return f"its tag {change.after} comes back, which an apply that did not come to its end may have taken off"
        return f"it has ended; the tag {change.before} goes"
    where = f"{change.environment}: " if change.environment else ""
    what = " ".join(change.field)
    words = in_quotes if change.field[-1:] == ("value",) or change.field[:1] == ("variation",) else value_in_words
    if change.field[-1:] == ("enabled",):
        words = on_or_off
    if change.action is Action.UPDATE and change.field != ORDER:
        return f"{where}{what} {words(change.before)} → {words(change.after)}"
    shown = change.before if change.action is Action.DELETE else change.after
    return f"{where}{what}{' ' if what and shown is not None else ''}{'' if shown is None else words(shown)}"


def sentence(change: Change) -> str:
    """A step in one line, with its object, when it is done."""
    rest = in_words(change).strip()
    return f"{change.kind} {change.name} {DONE[change.action]}" + (f": {rest}" if rest else "")


def on_or_off(value: Any) -> str:
    """Whether a flag is on."""
    return "on" if value else "off"


def in_quotes(value: Any) -> str:
    """A flag's value: texts in quotes, which tells "5" from 5, and "on" from what is on."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value_in_words(value)


def value_in_words(value: Any) -> str:
    """A value, a state or a list of them in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(_entries(value)) or "nothing"
    if isinstance(value, list):
        return ", ".join(map(value_in_words, value)) or "nothing"
    if isinstance(value, float):
        return f"{value:g}"
    return "nothing" if value is None else _text(str(value))


def _text(text: str) -> str:
    """A text in one line that can be read."""
    line = text.replace("\n", "\\n")
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def _entries(value: Mapping[str, Any]) -> Iterator[str]:
    """The parts of a state or an override: on, value red, weights a 50 b 25, then its overrides."""
    for key, item in value.items():
        if key == "enabled":
            yield on_or_off(item)
        elif key == "value":
            yield f"value {in_quotes(item)}"
        elif key == "overrides":
            yield from (f"{item['segment']} {' '.join(_entries({**item, 'segment': None}))}" for item in item)
        elif isinstance(item, Mapping):
            yield f"{key} " + " ".join(f"{name} {value_in_words(weight)}" for name, weight in item.items())
        elif isinstance(item, float | int) and not isinstance(item, bool) and key != "value":
            yield f"{key} {item:g}"
        elif item is not None:
            yield f"{key} {value_in_words(item)}"


def _table(counts: Mapping[str | None, Counts]) -> Listing:
    table = Listing([Column("", Gives.SHORTENED), *(Column(column.upper(), is_number=True) for column in COLUMNS)])
    for place, found in counts.items():
        table.add(place or PROJECT, *_numbers(found))
    return table


def _numbers(counts: Counts) -> Iterable[str]:
    for column in COLUMNS:
        number = getattr(counts, column)
        yield str(number) if number else "-"
