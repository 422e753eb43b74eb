"""Which characters a part of a regular expression reads, as bits: one for each character that makes a difference."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

_USUAL: Final = (*range(128), 0x85, 0xA0, 0xE9, 0x130, 0x17F, 0x661, 0x2003, 0x4E00, 0x1F600)
"""ASCII, and of the other characters one of each kind that \\d, \\w, \\s and letters' cases tell apart."""
_HIGHEST: Final = 0x10FFFF
_CATEGORIES: Final = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}


class Letters:
    """The characters that make a difference to an expression: the usual ones, and those that it names."""

    def __init__(self, tree: Any) -> None:
        named = {near for code in _named(tree) for near in (code - 1, code, code + 1) if 0 <= near <= _HIGHEST}
        self._codes = (*_USUAL, *sorted(named - set(_USUAL)))

    def bits(self, name: str, value: Any, flags: int) -> int:
        """The characters that an item reads."""
        if name == "ANY":
            return self._where(lambda code: bool(flags & re.DOTALL) or code != ord("\n"))
        if name == "LITERAL":
            return self._one(value, flags)
        if name == "NOT_LITERAL":
            return self.everything & ~self._where(lambda code: code == value)
        found, is_negated = 0, False
        for kind, item in value:
            match str(kind):
                case "NEGATE":
                    is_negated = True
                case "LITERAL":
                    found |= self._one(item, flags if not is_negated else 0)
                case "RANGE":
                    found |= self._range(item[0], item[1], flags if not is_negated else 0)
                case _:
                    found |= self._category(str(item), flags)
        return self.everything & ~found if is_negated else found

    @property
    def everything(self) -> int:
        """All of them."""
        return (1 << len(self._codes)) - 1

    def _where(self, holds: Any) -> int:
        return sum(1 << number for number, code in enumerate(self._codes) if holds(code))

    def _one(self, wanted: int, flags: int) -> int:
        return self._range(wanted, wanted, flags)

    def _range(self, low: int, high: int, flags: int) -> int:
        if flags & re.IGNORECASE:
            return self._where(lambda code: any(low <= other <= high for other in _cases(code)))
        return self._where(lambda code: low <= code <= high)

    def _category(self, name: str, flags: int) -> int:
        words = name.removeprefix("CATEGORY_").removeprefix("UNI_").removeprefix("LOC_")
        kind = words.removeprefix("NOT_")
        found = self._where(lambda code: _is(kind, code, is_ascii=bool(flags & re.ASCII)))
        return self.everything & ~found if words.startswith("NOT_") else found


def _named(items: Any) -> Iterator[int]:
    """The codes that an expression names, of ranges the ends."""
    for kind, value in items:
        name = str(kind)
        if name in ("LITERAL", "NOT_LITERAL"):
            yield value
        elif name == "RANGE":
            yield from value
        elif name == "IN":
            yield from _named(value)
        elif name == "BRANCH":
            for item in value[1]:
                yield from _named(item)
        elif name == "SUBPATTERN":
            yield from _named(value[3])
        elif name.endswith("_REPEAT"):
            yield from _named(value[2])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _named(value[1])
        elif name == "ATOMIC_GROUP":
            yield from _named(value)


@cache
def _is(kind: str, code: int, *, is_ascii: bool) -> bool:
    return re.fullmatch(_CATEGORIES[kind], chr(code), re.ASCII if is_ascii else 0) is not None


def _cases(code: int) -> set[int]:
    letter = chr(code)
    return {code, *(ord(other) for other in (letter.lower(), letter.upper()) if len(other) == 1)}
