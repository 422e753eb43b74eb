"""A flag's values: as the catalogue says them, and as Flagsmith keeps them."""

import json

from components.text import bounds
from flagops.commands.flags.catalogue.model import Json, Value
from flagops.serving.engine.values import Plain as Plain


def plain(value: Value) -> Plain:
    """The value as Flagsmith keeps it: texts without blanks at their ends, several parts as one JSON text."""
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bool | int):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def same(one: Plain, other: Plain) -> bool:
    """Whether two kept values mean the same.

    JSON texts do when their parts are the same; true and 1 do not; no value and an empty text, which the UI leaves, do.
    """
    one, other = None if one == "" else one, None if other == "" else other
    if type(one) is not type(other):
        return False
    if one == other:
        return True
    parts, others = structure(one), structure(other)
    # As texts again, since Python takes true and 1 for the same.
    return parts is not None and others is not None and plain(parts) == plain(others)


def structure(value: Plain) -> Json | None:
    """The parts of a JSON text; None for any other value, and for JSON that is read in two ways or by few: deeper than
    people write it, with a key twice, half a surrogate, a number without an end."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return None
    try:
        found: Json = bounds.json_of(value)
    except ValueError:
        return None
    return found
