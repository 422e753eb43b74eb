"""Schedules, by the rules of the parser that Kubernetes and CloudNativePG use (robfig/cron, its standard parser).

Those of Vixie's cron are others: 7 is no Sunday here. What that parser takes and nobody means (`*-5`, an empty part
of a list, `@every`) is refused too.
"""

import re
from dataclasses import dataclass
from typing import Final

_ANY: Final = ("*", "?")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Field:
    """A field of a schedule: what it is of, its bounds, and names for its numbers from the lowest one on."""

    of: str
    least: int
    most: int
    names: tuple[str, ...] = ()


SECOND: Final = Field("second", 0, 59)
FIELDS: Final = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 6, _DAYS),
)


def refusal(schedule: str, *, with_seconds: bool = False) -> str | None:
    """Why a schedule is none, as the end of a sentence about it; None for one that is, and that comes round.

    `with_seconds` is for six fields, seconds first.
    """
    fields = (SECOND, *FIELDS) if with_seconds else FIELDS
    parts = schedule.split()
    if len(parts) != len(fields):
        return f"must have {len(fields)} fields; it has {len(parts)}"
    found: list[frozenset[int]] = []
    for part, field in zip(parts, fields, strict=True):
        numbers = _numbers(part, field)
        if isinstance(numbers, str):
            return numbers
        found.append(numbers)
    days, months, week = found[-3], found[-2], parts[-1]
    if week[0] in _ANY and all(min(days) > _LONGEST_MONTHS[month - 1] for month in months):
        return f"never comes: no month of these has a day {min(days)}"
    return None


def _numbers(part: str, field: Field) -> frozenset[int] | str:
    """The numbers that a field holds, or why it holds none."""
    found: set[int] = set()
    for item in part.split(","):
        numbers = _range(item, field)
        if isinstance(numbers, str):
            return numbers
        found |= numbers
    return frozenset(found)


def _range(item: str, field: Field) -> set[int] | str:
    bounds, slash, step = item.partition("/")
    low, dash, high = bounds.partition("-")
    if slash and not (_NUMBER.fullmatch(step) and int(step)):
        return f"has {item!r} for the {field.of}: a step must be a whole number above zero"
    if low in _ANY and not dash:
        first, last = field.least, field.most
    else:
        start, end = _number(low, field), _number(high, field) if dash else None
        if start is None or (dash and end is None):
            return f"has {item!r} for the {field.of}: must be {_allowed(field)}"
        first = start
        # As in the parser: 5/15 is from 5 to the end, every 15.
        last = end if end is not None else field.most if slash else start
    if not field.least <= first <= field.most or not field.least <= last <= field.most:
        return f"has {item!r} for the {field.of}: must be {_allowed(field)}"
    if first > last:
        return f"has {item!r} for the {field.of}: it ends before it begins"
    return set(range(first, last + 1, int(step) if slash else 1))


def _number(text: str, field: Field) -> int | None:
    if text.lower() in field.names:
        return field.least + field.names.index(text.lower())
    return int(text) if _NUMBER.fullmatch(text) else None


def _allowed(field: Field) -> str:
    named = f", {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"{field.least} to {field.most}{named}, a list, a range such as {field.least}-{field.least + 2}, or * or */2"
