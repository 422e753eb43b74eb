"""The automaton of a regular expression, and how many ways it has to read a text.

Each place where a character is read is a position; from each go edges to those that can be next (Glushkov's
construction), with the number of ways that an edge stands for, two for several. Two walks from a position back to it
over the same text, or an edge within a loop that stands for several ways, mean a number of ways that doubles again and
again (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991). Loops that follow each other and can
take the same text multiply the ways once each.
"""

import re
from itertools import pairwise
from typing import Any

from components.text.regular_letters import Letters
from components.text.regular_pieces import (
    DEEPEST,
    END,
    GROUPED,
    MANY,
    MOST_POSITIONS,
    MOST_WRITTEN,
    SINGLE,
    SINGLES,
    SOUGHT,
    SOUGHT_IN_SET,
    Automaton,
    Look,
    Piece,
    Unfit,
    added,
    width_of,
)


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
        self.first = added(whole.first, whole.first_at_start, 1)

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
        self.made.spend(1 + (len(one.first) + len(one.last) + len(other.first) + len(other.last)) // 20)
        self._join(one.last, other.first)
        at_start = added(one.first_at_start, other.first_at_start, one.nothing + one.nothing_at_start)
        return Piece(
            min(one.nothing * other.nothing, MANY),
            added(one.first, other.first, one.nothing),
            added(other.last, one.last, other.nothing),
            min(one.nothing * other.nothing_at_start + one.nothing_at_start * other.nothing, MANY)
            + one.nothing_at_start * other.nothing_at_start,
            added(at_start, other.first, one.nothing_at_start),
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
            found.first = added(found.first, piece.first, 1)
            found.last = added(found.last, piece.last, 1)
            found.nothing_at_start = min(found.nothing_at_start + piece.nothing_at_start, MANY)
            found.first_at_start = added(found.first_at_start, piece.first_at_start, 1)
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
        width = width_of(item)
        is_endless = most * width > MOST_WRITTEN
        if not is_endless and len(item) == 1 and str(item[0][0]) in SINGLES:
            return self._row(least, most, self._letters.bits(str(item[0][0]), item[0][1], flags) << 1)
        copies = least if least * width <= MOST_WRITTEN else 1
        found = Piece(nothing=1)
        for _ in range(copies):
            found = self._then(found, self.sequence(item, flags))
        if not is_endless:
            return self._then(found, self._optional(most - copies, item, flags))
        rest = self.sequence(item, flags)
        # A number of rounds in which nothing may be read: which of them are empty is another way each.
        self._join(rest.last, rest.first, 2 if rest.nothing and least > copies else 1)
        # No round, and one in which nothing is read, are ways of their own, after which there are no more rounds.
        nothing = min(1 + rest.nothing, MANY)
        return self._then(found, Piece(nothing, rest.first, rest.last, rest.nothing_at_start, rest.first_at_start))

    def _row(self, least: int, most: int, bits: int) -> Piece:
        """A character up to so many times."""
        row = [number for _ in range(most) for number in self._position(bits, self._weight).first]
        for number, after in pairwise(row):
            self.made.follow[number] = {after: 1}
        return Piece(int(least == 0), {row[0]: 1}, dict.fromkeys(row[max(least, 1) - 1 :], 1))

    def _optional(self, times: int, item: Any, flags: int) -> Piece:
        found = Piece(nothing=1)
        for _ in range(times):
            inner = self._then(self.sequence(item, flags), found)
            inner.nothing = min(inner.nothing + 1, MANY)
            found = inner
        return found
