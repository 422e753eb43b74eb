"""How messages show what people wrote: shortened, on one line, without what steers a terminal."""

import json
import unicodedata
from collections.abc import Mapping
from itertools import islice
from typing import Final

from components.text.secret_forms import secret_form

HIDDEN: Final = "(not shown, since it looks like a secret)"
LONGEST: Final = 80
"""Characters of a value in a message."""
LONGEST_KEY: Final = 60
MOST_LINES: Final = 100
"""Problems that one message names."""
_STEERING = frozenset(["Cc", "Cf", "Co", "Cs", "Zl", "Zp"])


def printable(text: str) -> str:
    """The text without what steers a terminal or turns its writing round: such characters as their code."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(printable_code(letter) if unicodedata.category(letter) in _STEERING else letter for letter in text)


def printable_code(letter: str) -> str:
    """A character that nobody sees, as its code: \\x00, \\ud800."""
    return letter.encode("unicode_escape").decode()


def lines(text: str) -> str:
    """The lines of a message, each of them printable."""
    return "\n".join(printable(line) for line in text.split("\n"))


def short(text: str, longest: int = LONGEST) -> str:
    """The beginning of a text, on one line and printable."""
    return printable(text) if len(text) <= longest else f"{printable(text[:longest])}…"


def jsonpath_key(name: str) -> str:
    """A key within a path of `kubectl`'s JSONPath, where a dot separates keys."""
    return name.replace(".", r"\.")


def key(name: object) -> str:
    """A key for people: as it is, or its beginning."""
    return short(str(name), LONGEST_KEY)


def value(given: object, longest: int = LONGEST) -> str:
    """A value for people, as Python writes it: of a long one its beginning, of what looks like a secret nothing."""
    if isinstance(given, str) and secret_form(given):
        return HIDDEN
    if isinstance(given, str):
        return f"{given[:longest]!r}{'…' if len(given) > longest else ''}"
    if isinstance(given, Mapping):
        parts = [f"{value(name, longest)}: {value(item, longest)}" for name, item in islice(given.items(), 3)]
        return _cut(f"{{{', '.join(parts)}{', …' if len(given) > 3 else ''}}}", longest)
    if isinstance(given, list | tuple):
        parts = [value(item, longest) for item in given[:3]]
        return _cut(f"[{', '.join(parts)}{', …' if len(given) > 3 else ''}]", longest)
    return _cut(repr(given), longest)


def as_json(given: object, longest: int = LONGEST) -> str:
    """A single value for people, as JSON writes it: shortened, and hidden, as by `value`."""
    if isinstance(given, str) and secret_form(given):
        return HIDDEN
    if isinstance(given, str) and len(given) > longest:
        return f"{printable(json.dumps(given[:longest], ensure_ascii=False))[:-1]}…"
    return short(json.dumps(given, ensure_ascii=False, default=str), longest)


def few(said: list[str], total: int | None = None) -> list[str]:
    """The first lines of a message that would have too many, and how many more there are.

    Args:
        said: all of them, or at least those first ones.
        total: how many there are; None where `said` has all.
    """
    more = (len(said) if total is None else total) - MOST_LINES
    return [*said[:MOST_LINES], f"and {more} more"] if more > 0 else said


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
