"""The rules of a segment out of the API's form, where a catalogue can say them."""

from collections.abc import Iterable, Mapping
from typing import Any

from flagops.commands.flags.spec import Rules, SegmentCondition

Row = Mapping[str, Any]


def read_rules(rows: Iterable[Row]) -> Rules | None:
    """The rules, or None when no catalogue can say them.

    What is the same becomes the same: the UI makes a group of its own of each condition, a catalogue one of all.
    """
    every: set[SegmentCondition] = set()
    some: set[frozenset[SegmentCondition]] = set()
    none: set[SegmentCondition] = set()
    for kind, conditions in _groups(rows):
        if kind == "ALL" or (kind == "ANY" and len(conditions) == 1):
            every |= conditions
        elif kind == "ANY":
            some.add(conditions)
        elif kind == "NONE":
            none |= conditions
        else:
            return None
    return Rules(frozenset(every), frozenset(some), frozenset(none))


def _groups(rows: Iterable[Row]) -> Iterable[tuple[str, frozenset[SegmentCondition]]]:
    """The groups of conditions that have to hold together; an unknown kind where they are not joined by ALL."""
    for row in rows:
        below = row.get("rules") or []
        if below and row["type"] != "ALL":
            yield "", frozenset()
            return
        yield from _groups(below)
        if row.get("conditions"):
            yield row["type"], frozenset(_rule(item) for item in row["conditions"])


def _rule(row: Row) -> SegmentCondition:
    value = row.get("value")
    return SegmentCondition(
        row["operator"], row.get("property") or None, None if value in (None, "None") else str(value)
    )
