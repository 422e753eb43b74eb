"""The automaton of a regular expression, and how many ways it has to read a text.

Each place where a character is read is a position; from each go edges to those that can be next (Glushkov's
construction), with the number of ways that an edge stands for, two for several. Two walks from a position back to it
over the same text, or an edge within a loop that stands for several ways, mean a number of ways that doubles again and
again (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991). Loops that follow each other and can
take the same text multiply the ways once each.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from components.text.regular_letters import Letters

MOST_POSITIONS: Final = 1500
MOST_STEPS: Final = 60_000
"""Of looking for ambiguity, about 50 ms; usual expressions take a few hundred."""
DEEPEST: Final = 50
FEW: Final = 3
"""Up to here a repetition is written out; a longer one is taken for one without end."""


class Unfit(Exception):  # noqa: N818 - said of the expression, as the message is
    """An expression that cannot be looked at; it says why, for after "it"."""


@dataclass
class Piece:
    """A part of an expression: ways to read nothing with it, where it begins and where it ends, with ways."""

    nothing: int = 0
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)


@dataclass
class Automaton:
    """What was found of an expression.

    Attributes:
        letters: By position, the characters that it reads, as bits.
        follow: By position, those that can be next, with ways.
        kinds: The names of what is in the expression.
        is_endless: Whether the ways double again and again.
        chained: How many repetitions in a row can take the same characters.
        forks: The ways of what does not repeat, at most.
        steps: What looking has taken.
    """

    letters: list[int] = field(default_factory=list)
    follow: list[dict[int, int]] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    is_endless: bool = False
    chained: int = 0
    forks: int = 1
    steps: int = 0

    def spend(self, steps: int = 1) -> None:
        """Count steps. Raises Unfit when they are too many."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            raise Unfit("is too long, or has too many parts that begin alike, to see whether it ends")


class Builder:
    """Makes the automaton of what Python's reader found."""

    def __init__(self, tree: Any, flags: int) -> None:
        self.made = Automaton()
        self.inner: list[tuple[Any, int]] = []  # what looks ahead or behind, which is read by itself
        self._letters = Letters(tree)
        self._depth = 0
        self.whole = self.sequence(tree, flags)

    def sequence(self, items: Any, flags: int) -> Piece:
        """Parts one after the other."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unfit(f"goes more than {DEEPEST} groups deep")
        found = Piece(nothing=1)
        for kind, value in items:
            found = self._then(found, self._item(str(kind), kind, value, flags))
        self._depth -= 1
        return found

    def _item(self, name: str, kind: Any, value: Any, flags: int) -> Piece:
        self.made.kinds.add(name)
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._position(self._letters.bits(name, value, flags))
        if name == "AT":
            return Piece(nothing=1)
        if name == "BRANCH":
            return self._either([self.sequence(item, flags) for item in value[1]])
        if name == "SUBPATTERN":
            _, more, less, item = value
            return self.sequence(item, (flags | more) & ~less)
        if name == "ATOMIC_GROUP":
            return self.sequence(value, flags)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, item = value
            return self._repeat(int(least), int(most), item, flags)
        if name in ("ASSERT", "ASSERT_NOT"):
            self.inner.append((value[1], flags))
            return Piece(nothing=1)
        if name.startswith("GROUPREF"):
            raise Unfit(
                "refers back to a group, which Go and Rust do not know, and of which nobody can say that it ends"
            )
        raise Unfit(f"has {kind}, which is not known here")

    def _position(self, bits: int) -> Piece:
        if len(self.made.letters) >= MOST_POSITIONS:
            raise Unfit("is too long to see whether it ends")
        number = len(self.made.letters)
        self.made.letters.append(bits)
        self.made.follow.append({})
        return Piece(0, {number: 1}, {number: 1})

    def _then(self, one: Piece, other: Piece) -> Piece:
        self._join(one.last, other.first)
        return Piece(
            min(one.nothing * other.nothing, 2),
            _sum(one.first, other.first, one.nothing),
            _sum(other.last, one.last, other.nothing),
        )

    def _join(self, last: dict[int, int], first: dict[int, int], times: int = 1) -> None:
        self.made.spend(len(last) * len(first) // 10)
        for place, ways_there in last.items():
            after = self.made.follow[place]
            for number, ways_in in first.items():
                after[number] = min(after.get(number, 0) + ways_there * ways_in * times, 2)

    @staticmethod
    def _either(parts: list[Piece]) -> Piece:
        found = Piece()
        for part in parts:
            found.nothing = min(found.nothing + part.nothing, 2)
            found.first = _sum(found.first, part.first, 1)
            found.last = _sum(found.last, part.last, 1)
        return found

    def _repeat(self, least: int, most: int, item: Any, flags: int) -> Piece:
        if most == 0:
            return Piece(nothing=1)
        is_written_out = most <= FEW or (_is_fixed(item) and least * _width(item) <= MOST_POSITIONS // 4)
        copies = least if is_written_out else min(least, 1)
        found = Piece(nothing=1)
        for _ in range(copies):
            found = self._then(found, self.sequence(item, flags))
        if is_written_out and most - copies <= FEW:
            return self._then(found, self._optional(most - copies, item, flags))
        rest = self.sequence(item, flags)
        # A number of rounds in which nothing may be read: which of them are empty is another way each.
        self._join(rest.last, rest.first, 2 if rest.nothing and least > FEW else 1)
        if not is_written_out and least:
            self._join(found.last, rest.first)
            return Piece(found.nothing, _sum(found.first, rest.first, found.nothing), _sum(found.last, rest.last, 1))
        return self._then(found, Piece(1, rest.first, rest.last))

    def _optional(self, times: int, item: Any, flags: int) -> Piece:
        found = Piece(nothing=1)
        for _ in range(times):
            inner = self._then(self.sequence(item, flags), found)
            found = Piece(min(inner.nothing + 1, 2), inner.first, inner.last)
        return found


def _sum(one: dict[int, int], other: dict[int, int], times: int) -> dict[int, int]:
    if not times:
        return one
    found = dict(one)
    for number, count in other.items():
        found[number] = min(found.get(number, 0) + count * times, 2)
    return found


def _is_fixed(items: Any) -> bool:
    """Whether a part has one length and no choice, as [0-9a-f]{2}: has."""
    for kind, value in items:
        name = str(kind)
        if name.endswith("_REPEAT"):
            if value[0] != value[1] or not _is_fixed(value[2]):
                return False
        elif name == "SUBPATTERN":
            if not _is_fixed(value[3]):
                return False
        elif name not in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return False
    return True


def _width(items: Any) -> int:
    width = 0
    for kind, value in items:
        name = str(kind)
        inner = value[2] if name.endswith("_REPEAT") else value[3] if name == "SUBPATTERN" else None
        times = int(value[0]) if name.endswith("_REPEAT") else 1
        width += 1 if inner is None else times * _width(inner)
    return width
