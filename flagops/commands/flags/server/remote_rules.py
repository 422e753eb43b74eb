"""The rules of a segment out of the API's form."""

from collections.abc import Iterable, Mapping
from typing import Any

from flagops.commands.flags.who import JOINED, NOBODY, Part, Rules, all_of, condition, rules

Row = Mapping[str, Any]


def read_rules(rows: Iterable[Row]) -> Rules | None:
    """Who is in the segment; None for a kind of rule that Flagsmith did not have when this was written.

    The engine asks of a rule that its conditions hold, and that its rules do, each joined by its type; one that has
    none of either holds. A segment without any rule has nobody.
    """
    listed = list(rows)
    if not listed:
        return NOBODY
    try:
        return rules(all_of(map(_rule, listed)))
    except KeyError:
        return None


def _rule(row: Row) -> Part:
    join = JOINED[row["type"]]
    conditions, below = list(map(_condition, row.get("conditions") or ())), list(map(_rule, row.get("rules") or ()))
    return all_of(join(parts) for parts in (conditions, below) if parts)


def _condition(row: Row) -> Part:
    value = row.get("value")
    return condition(
        row["operator"], row.get("property"), None if value is None else str(value), row.get("description") or ""
    )
