"""The automaton of a regular expression, and how many ways it has to read a text.

Each place where a character is read is a position; from each go edges to those that can be next (Glushkov's
construction), with the number of ways that an edge stands for, two for several. Two walks from a position back to it
over the same text, or an edge within a loop that stands for several ways, mean a number of ways that doubles again and
again (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991). Loops that follow each other and can
take the same text multiply the ways once each.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from components.text.regular_letters import Letters

MOST_POSITIONS: Final = 1500
MOST_WRITTEN: Final = 400
"""Positions of a repetition that is written out; a longer one is taken for one without end."""
MOST_STEPS: Final = 60_000
"""Of looking for ambiguity, about 50 ms; usual expressions take a few hundred."""
SINGLES: Final = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
DEEPEST: Final = 50
MANY: Final = 1 << 60
"""Ways, above which none are counted."""
END: Final = 1
"""The bit of what `$` reads: the end of the text."""
# What a character costs Python, in nanoseconds on a usual machine (measured with Python 3.11): where one character
# repeats, and is followed by a letter that can be looked for or not, and where a group does.
SOUGHT, SOUGHT_IN_SET, SINGLE, GROUPED = 1, 5, 10, 40


class Unfit(Exception):  # noqa: N818 - said of the expression, as the message is
    """An expression that cannot be looked at; it says why, for after "it"."""


@dataclass
class Piece:
    """A piece of an expression.

    Attributes:
        nothing: Ways to read nothing with it.
        first: Where it begins, with ways.
        last: Where it ends, with ways.
        nothing_at_start: Ways to read nothing at the start of the text alone, as `^` does.
        first_at_start: Where it begins at the start of the text alone.
    """

    nothing: int = 0
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    nothing_at_start: int = 0
    first_at_start: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """What looks ahead or behind, which is read by itself: once, or perhaps wherever a character is read."""

    items: Any
    flags: int
    is_once: bool


@dataclass
class Automaton:
    """What was found of an expression.

    Attributes:
        letters: By position, the characters that it reads, as bits.
        follow: By position, those that can be next, with ways.
        weights: By position, what a character costs.
        kinds: The names of what is in the expression.
        steps: What looking has taken.
    """

    letters: list[int] = field(default_factory=list)
    follow: list[dict[int, int]] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    steps: int = 0

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises Unfit when they are too many."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise Unfit("is too long, or has too many parts that begin alike, to see whether it ends")


class Builder:
    """Makes the automaton of what Python's reader found.

    With `is_searched` the expression can begin anywhere in the text.
    """

    def __init__(self, tree: Any, flags: int, *, is_searched: bool = False) -> None:
        self.made = Automaton()
        self.looks: list[Look] = []
        self._letters = Letters(tree)
        self._depth = self._repeating = 0
        self._weight = GROUPED
        before = self._position(self._letters.everything << 1, SOUGHT_IN_SET) if is_searched else Piece()
        before.nothing = 1
        self._join(before.last, before.first)
        whole = self._then(before, self.sequence(tree, flags))
        self.first = _sum(whole.first, whole.first_at_start, 1)

    def sequence(self, items: Any, flags: int) -> Piece:
        """Pieces one after the other."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unfit(f"goes more than {DEEPEST} groups deep")
        found = Piece(nothing=1)
        listed = list(items)
        for number, (kind, value) in enumerate(listed):
            after = str(listed[number + 1][0]) if number + 1 < len(listed) else ""
            found = self._then(found, self._item(kind, value, flags, after))
        self._depth -= 1
        return found

    def _item(self, kind: Any, value: Any, flags: int, after: str) -> Piece:
        name = str(kind)
        self.made.kinds.add(name)
        if name in SINGLES:
            return self._position(self._letters.bits(name, value, flags) << 1, self._weight)
        if name == "AT":
            return self._place(str(value), flags)
        if name == "BRANCH":
            return self._either([self.sequence(item, flags) for item in value[1]])
        if name == "SUBPATTERN":
            _, more, less, item = value
            return self.sequence(item, (flags | more) & ~less)
        if name == "ATOMIC_GROUP":
            return self.sequence(value, flags)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, item = value
            return self._repeat(int(least), int(most), item, flags, is_sought=after == "LITERAL")
        if name in ("ASSERT", "ASSERT_NOT"):
            self.looks.append(Look(value[1], flags, is_once=not self.made.letters and not self._repeating))
            return Piece(nothing=1)
        if name.startswith("GROUPREF"):
            raise Unfit(
                "refers back to a group, which Go and Rust do not know, and of which nobody can say that it ends"
            )
        raise Unfit(f"has {kind}, which is not known here")

    def _place(self, name: str, flags: int) -> Piece:
        """A place in the text: only at its start nothing is before it, and after its end nothing can be read."""
        if name == "AT_BEGINNING_STRING" or (name == "AT_BEGINNING" and not flags & re.MULTILINE):
            return Piece(nothing_at_start=1)
        if name == "AT_END_STRING" or (name == "AT_END" and not flags & re.MULTILINE):
            return self._position(END, 0)
        return Piece(nothing=1)

    def _position(self, bits: int, weight: int) -> Piece:
        if len(self.made.letters) >= MOST_POSITIONS:
            raise Unfit("is too long to see whether it ends")
        number = len(self.made.letters)
        self.made.letters.append(bits)
        self.made.follow.append({})
        self.made.weights.append(weight)
        return Piece(0, {number: 1}, {number: 1})

    def _then(self, one: Piece, other: Piece) -> Piece:
        self._join(one.last, other.first)
        at_start = _sum(one.first_at_start, other.first_at_start, one.nothing + one.nothing_at_start)
        return Piece(
            min(one.nothing * other.nothing, MANY),
            _sum(one.first, other.first, one.nothing),
            _sum(other.last, one.last, other.nothing),
            min(one.nothing * other.nothing_at_start + one.nothing_at_start * other.nothing, MANY)
            + one.nothing_at_start * other.nothing_at_start,
            _sum(at_start, other.first, one.nothing_at_start),
        )

    def _join(self, last: dict[int, int], first: dict[int, int], times: int = 1) -> None:
        self.made.spend(len(last) * len(first) // 10)
        for place, ways_there in last.items():
            if self.made.letters[place] == END:
                continue
            after = self.made.follow[place]
            for number, ways_in in first.items():
                after[number] = min(after.get(number, 0) + ways_there * ways_in * times, MANY)

    @staticmethod
    def _either(pieces: list[Piece]) -> Piece:
        found = Piece()
        for piece in pieces:
            found.nothing = min(found.nothing + piece.nothing, MANY)
            found.first = _sum(found.first, piece.first, 1)
            found.last = _sum(found.last, piece.last, 1)
            found.nothing_at_start = min(found.nothing_at_start + piece.nothing_at_start, MANY)
            found.first_at_start = _sum(found.first_at_start, piece.first_at_start, 1)
        return found

    def _repeat(self, least: int, most: int, item: Any, flags: int, *, is_sought: bool) -> Piece:
        if most == 0:
            return Piece(nothing=1)
        before = self._weight
        if len(item) == 1 and str(item[0][0]) in SINGLES:
            is_set = str(item[0][0]) == "IN"
            self._weight = (SOUGHT_IN_SET if is_set else SOUGHT) if is_sought else SINGLE
        self._repeating += 1
        found = self._rounds(least, most, item, flags)
        self._repeating -= 1
        self._weight = before
        return found

    def _rounds(self, least: int, most: int, item: Any, flags: int) -> Piece:
        width = _width(item)
        is_endless = most * width > MOST_WRITTEN
        copies = least if least * width <= MOST_WRITTEN else 1
        found = Piece(nothing=1)
        for _ in range(copies):
            found = self._then(found, self.sequence(item, flags))
        if not is_endless:
            return self._then(found, self._optional(most - copies, item, flags))
        rest = self.sequence(item, flags)
        # A number of rounds in which nothing may be read: which of them are empty is another way each.
        self._join(rest.last, rest.first, 2 if rest.nothing and least > copies else 1)
        return self._then(found, Piece(1, rest.first, rest.last, 0, rest.first_at_start))

    def _optional(self, times: int, item: Any, flags: int) -> Piece:
        found = Piece(nothing=1)
        for _ in range(times):
            inner = self._then(self.sequence(item, flags), found)
            inner.nothing = min(inner.nothing + 1, MANY)
            found = inner
        return found


def _sum(one: dict[int, int], other: dict[int, int], times: int) -> dict[int, int]:
    if not times or not other:
        return one
    found = dict(one)
    for number, count in other.items():
        found[number] = min(found.get(number, 0) + count * times, MANY)
    return found


def _width(items: Any) -> int:
    """How many positions a piece has when it is written out."""
    width = 0
    for kind, value in items:
        name = str(kind)
        if name.endswith("_REPEAT"):
            least, most, inner = int(value[0]), int(value[1]), _width(value[2])
            width += inner * (most if most * inner <= MOST_WRITTEN else least + 1)
        elif name == "BRANCH":
            width += sum(_width(item) for item in value[1])
        elif name == "SUBPATTERN":
            width += _width(value[3])
        else:
            width += _width(value) if name == "ATOMIC_GROUP" else 1
    return width
