"""What the automaton of a regular expression is made of: positions where a character is read, and pieces of them."""

from dataclasses import dataclass, field
from typing import Any, Final

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


def added(one: dict[int, int], other: dict[int, int], times: int) -> dict[int, int]:
    """The ways of both, those of `other` so many times."""
    if not times or not other:
        return one
    found = dict(one)
    for number, count in other.items():
        found[number] = min(found.get(number, 0) + count * times, MANY)
    return found


def width_of(items: Any) -> int:
    """How many positions a piece has when it is written out."""
    width = 0
    for kind, value in items:
        name = str(kind)
        if name.endswith("_REPEAT"):
            least, most, inner = int(value[0]), int(value[1]), width_of(value[2])
            width += inner * (most if most * inner <= MOST_WRITTEN else least + 1)
        elif name == "BRANCH":
            width += sum(width_of(item) for item in value[1])
        elif name == "SUBPATTERN":
            width += width_of(value[3])
        else:
            width += width_of(value) if name == "ATOMIC_GROUP" else 1
    return width
