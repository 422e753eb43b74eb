"""Values of a trait with which a condition holds, and with which it does not."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flagops.serving.engine.user import Trait

MOST: Final = 5
"""Of a list's values that are tried: they all do the same."""
ANOTHER: Final = "something else"
SEMVER: Final = ":semver"


def values(condition: Mapping[str, Any]) -> list[Trait]:
    """Values that a user can have, some of which decide otherwise than others; not having the trait comes besides."""
    said = condition["value"]
    text = "" if said is None else str(said)
    return list(_MAKERS.get(condition["operator"], _equal)(text))


def _equal(text: str) -> Iterator[Trait]:
    yield text.removesuffix(SEMVER)
    yield ANOTHER


def _contains(text: str) -> Iterator[Trait]:
    yield f"a {text} z"
    yield ANOTHER


def _ordered(text: str) -> Iterator[Trait]:
    number = _number(text)
    if number is not None:
        yield from (number, number + 1, number - 1)
    elif text.endswith(SEMVER):
        version = text.removesuffix(SEMVER)
        yield from (version, "999999.0.0", "0.0.0")
    else:
        yield from (text, f"{text}~", text[:-1])


def _list(text: str) -> Iterator[Trait]:
    try:
        listed = json.loads(text)
    except ValueError:
        listed = None
    items = listed if isinstance(listed, list) else text.split(",")
    yield from (item if isinstance(item, bool | int | float) else str(item) for item in items[:MOST])
    yield ANOTHER


def _modulo(text: str) -> Iterator[Trait]:
    divisor, _, remainder = text.partition("|")
    first, second = _number(divisor), _number(remainder)
    if first and second is not None:
        yield from (second, second + first, second + 1)


def _regex(text: str) -> Iterator[Trait]:
    """A text for the plainest expressions; for others, nobody is found, which the figures say."""
    plain = text.removeprefix("^").removesuffix("$")
    plain = re.sub(r"(?:\\d|\[0-9\])(?:[+*?]|\{\d+(?:,\d*)?\})?", "1", plain)
    plain = re.sub(r"(?:\\w|\[a-z\]|\[A-Za-z\]|(?<!\\)\.)[+*?]", "x", plain)
    yield re.sub(r"\\(.)", r"\1", plain)
    yield ANOTHER


def _set(_: str) -> Iterator[Trait]:
    yield ANOTHER


def _number(text: str) -> float | int | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return int(found) if found.is_integer() else found


_MAKERS: Final[Mapping[str, Callable[[str], Iterator[Trait]]]] = {
    "EQUAL": _equal,
    "NOT_EQUAL": _equal,
    "CONTAINS": _contains,
    "NOT_CONTAINS": _contains,
    "GREATER_THAN": _ordered,
    "GREATER_THAN_INCLUSIVE": _ordered,
    "LESS_THAN": _ordered,
    "LESS_THAN_INCLUSIVE": _ordered,
    "IN": _list,
    "MODULO": _modulo,
    "REGEX": _regex,
    "IS_SET": _set,
    "IS_NOT_SET": _set,
}
