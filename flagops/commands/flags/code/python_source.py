"""Python source of values and texts, in the layout that `ruff format` would give it."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unicodedata import combining, east_asian_width

WIDTH = 120
INDENT = 4


def literal(value: Any, column: int = -WIDTH * WIDTH, indent: int = 0) -> str:
    """A value as Python source which begins at a column of a line with that indent, broken where it is too long.

    Raises:
        ValueError: It is not of JSON's types, such as the date that YAML makes of 2024-01-01.
    """
    flat = _flat(value)
    if column + width(flat) + 1 <= WIDTH:
        return flat
    inner = indent + INDENT
    if isinstance(value, str) and len(value) > 1:
        return block("(", _pieces(value, WIDTH - inner - 2), ")", indent)
    if isinstance(value, Mapping) and value:
        keys = [f"{_flat(key)}: " for key in value]
        items = zip(keys, value.values(), strict=True)
        return block("{", [f"{key}{literal(item, inner + width(key), inner)}," for key, item in items], "}", indent)
    if isinstance(value, list | tuple) and value:
        begin, end = "[]" if isinstance(value, list) else "()"
        return block(begin, [f"{literal(item, inner, inner)}," for item in value], end, indent)
    return flat


def _flat(value: Any) -> str:
    if isinstance(value, str):
        quote = "'" if value.count('"') > value.count("'") else '"'
        return quote + "".join(f"\\{quote}" if letter == quote else _letter(letter) for letter in value) + quote
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flat(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_flat, value))}{',' if len(value) == 1 else ''})"
    raise ValueError(f"holds {value}, which JSON cannot say")


def _letter(letter: str) -> str:
    """A letter in source; what cannot be seen, by its number."""
    return letter if letter in "'\"" else repr(letter)[1:-1]


def width(text: str) -> int:
    """In columns, as formatters count: a wide sign takes two, a mark on a letter none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _pieces(text: str, room: int) -> Iterator[str]:
    """A long text in adjacent literals, broken after spaces where it has some."""
    while text:
        end = len(text)
        while width(_flat(text[:end])) - 2 > room:
            end -= 1
        if end < len(text):
            end = text.rfind(" ", 1, end) + 1 or end
        yield _flat(text[:end])
        text = text[end:]


def block(begin: str, lines: Iterable[str], end: str, indent: int) -> str:
    """Lines between brackets, one step further in than the line that the brackets are on."""
    inner = " " * (indent + INDENT)
    return "\n".join([begin, *(f"{inner}{line}" for line in lines), " " * indent + end])


def docstring(paragraphs: Iterable[str]) -> str:
    """Paragraphs as a docstring that ends in a line of its own."""
    wrapped: list[str] = []
    for number, text in enumerate(paragraphs):
        safe = "".join(_letter(letter) for letter in " ".join(text.split()).replace('"', "'"))
        first = '"""' if number == 0 else ""
        lines = textwrap.wrap(safe, WIDTH, initial_indent=first, break_long_words=False, break_on_hyphens=False)
        wrapped.append("\n".join(lines or [first]))
    return "\n\n".join(wrapped) + '\n"""'
