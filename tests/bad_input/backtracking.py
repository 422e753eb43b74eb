"""A matcher that tries what Python's `re` tries, and counts how often it reads a character."""

from collections.abc import Callable
from re import _compiler, _parser  # type: ignore[attr-defined]  # these have no public names since 3.11
from typing import Any

Then = Callable[[int], bool]


class EnoughError(Exception):
    """More has been read than was to be counted."""


class Counting:
    """Matches a text from its beginning, and counts."""

    def __init__(self, text: str, most: int) -> None:
        self.text, self.most, self.reads = text, most, 0

    def match(self, pattern: str) -> bool:
        """Whether it matches. EnoughError when more than `most` characters have been read."""
        return self._items(_parser.parse(pattern).data, 0, 0, lambda _: True)

    def _items(self, items: list[Any], number: int, place: int, then: Then) -> bool:
        if number == len(items):
            return then(place)
        kind, value = items[number]

        def rest(here: int) -> bool:
            return self._items(items, number + 1, here, then)

        match kind.name:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._reads(kind, value, place) and rest(place + 1)
            case "AT":
                end = str(value) == "AT_END" and place in (len(self.text), len(self.text.removesuffix("\n")))
                return (end or (str(value) == "AT_BEGINNING" and place == 0)) and rest(place)
            case "SUBPATTERN":
                return self._items(value[3].data, 0, place, rest)
            case "ASSERT" | "ASSERT_NOT":
                return self._looks(value, place) == (kind.name == "ASSERT") and rest(place)
            case "BRANCH":
                return any(self._items(item.data, 0, place, rest) for item in value[1])
            case _:
                return self._rounds(kind.name == "MIN_REPEAT", value, 0, place, rest)

    def _looks(self, value: Any, place: int) -> bool:
        """Whether what is looked for is ahead, or behind, where it has a length that is fixed."""
        direction, item = value
        start = place if direction > 0 else place - item.getwidth()[0]
        return start >= 0 and self._items(item.data, 0, start, lambda here: direction > 0 or here == place)

    def _reads(self, kind: Any, value: Any, place: int) -> bool:
        if place >= len(self.text):
            return False
        known = (kind, str(value), self.text[place])
        if known not in _KNOWN:
            one = _parser.SubPattern(_parser.State(), [(kind, value)])
            _KNOWN[known] = _compiler.compile(one).match(self.text[place]) is not None
        if not _KNOWN[known]:
            return False
        self.reads += 1
        if self.reads > self.most:
            raise EnoughError
        return True

    def _rounds(self, is_lazy: bool, value: Any, done: int, place: int, rest: Then) -> bool:
        least, most, item = value

        def again() -> bool:
            return done < most and self._items(
                item.data,
                0,
                place,
                lambda here: (here != place or done < least) and self._rounds(is_lazy, value, done + 1, here, rest),
            )

        def on() -> bool:
            return done >= least and rest(place)

        return (on() or again()) if is_lazy else (again() or on())


_KNOWN: dict[tuple[Any, str, str], bool] = {}
"""Whether an item of an expression reads a character."""
