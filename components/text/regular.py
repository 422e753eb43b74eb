"""Tells which regular expressions could keep Python busy for ever: Flagsmith runs those of a catalogue on its users.

Python's `re` tries, where a text does not match, every way in which the expression can read its beginning. There are
few where each character leaves one way to go on; there are more than can be tried where something that repeats can be
divided in several ways, as in (a+)+. What Python reads the expression as is made into an automaton
(`regular_automaton`), in which such ways are counted.
"""

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from components.text import quoting
from components.text.regular_automaton import MOST_STEPS, Automaton, Unfit
from components.text.regular_ways import ways

LONGEST: Final = 1000
"""Characters; Flagsmith takes no longer value of a condition (its setting SEGMENT_CONDITION_VALUE_LIMIT)."""
MOST_CHAINED: Final = 3
"""Repetitions in a row that can take the same characters. Of three a text of 2,000 characters, the longest value of a
trait, has a billion ways in the worst case, which take seconds; of four it has more than can be tried."""
MOST_FORKS: Final = 10_000
"""Ways of what does not repeat."""
_SIMPLER: Final = "let no part that repeats hold one that repeats, and let what follows it begin with another character"
_ELSEWHERE: Final = {
    "ASSERT": "a look ahead or behind, which Go and Rust do not know",
    "ASSERT_NOT": "a look ahead or behind, which Go and Rust do not know",
    "ATOMIC_GROUP": "an atomic group, which only some languages know",
    "POSSESSIVE_REPEAT": "a possessive quantifier, which only some languages know",
}


@dataclass(frozen=True)
class Verdict:
    """What is to be said of an expression, each for after "is" or "has"; None for nothing.

    Attributes:
        error: Why it cannot be taken.
        warning: What is worth knowing.
        steps: What it took to find out.
    """

    error: str | None = None
    warning: str | None = None
    steps: int = 0


_BEYOND: Final = Verdict("is no regular expression that Python can read: it has too large a number, or goes too deep")


@lru_cache(maxsize=4096)
def look_at(pattern: str) -> Verdict:
    """Whether an expression can be taken: by Python, and for texts of people who want to do harm."""
    if len(pattern) > LONGEST:
        return Verdict(f"has {len(pattern)} characters; an expression can have {LONGEST}")
    try:
        tree = _read(pattern)
    except re.error as error:
        return Verdict(f"is no regular expression as Python reads them: {quoting.short(str(error))}")
    except FutureWarning:
        return Verdict(
            "is no regular expression as Python reads them: [[ or --, && or || within a set, of other languages"
        )
    except (OverflowError, RecursionError):
        return _BEYOND
    try:
        found = ways(_judged(pattern, tree), re.compile(pattern).flags)
    except RecursionError:
        return _BEYOND
    except Unfit as error:
        return Verdict(str(error), steps=MOST_STEPS)
    said = None
    if found.is_endless:
        said = f"never ends for some texts, since what it repeats can be divided in many ways: {_SIMPLER}"
    elif found.chained > MOST_CHAINED or found.forks > MOST_FORKS:
        said = f"takes hours for some texts, since many of its parts can take the same characters: {_SIMPLER}"
    return Verdict(said, None if said else _warning(found, pattern), found.steps)


def _judged(pattern: str, tree: Any) -> Any:
    """The expression without a last `.*`, which cannot fail: no way before it is ever tried a second time for it."""
    start = pattern.removesuffix(".*")
    if start == pattern or start.endswith("\\"):
        return tree
    try:
        return _read(start)
    except re.error:
        return tree


def _read(pattern: str) -> Any:
    """How Python reads it. Raises what `re.compile` does, and FutureWarning for what will mean something else."""
    from re import _parser  # type: ignore[attr-defined]  # the reader has no public name since 3.11

    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        return _parser.parse(pattern)


def _warning(found: Automaton, pattern: str) -> str | None:
    elsewhere = [text for name, text in _ELSEWHERE.items() if name in found.kinds]
    if re.search(r"\(\?(?:P<|[aimsx-]+[:)])|\\[AZ]", pattern):
        elsewhere.append("(?P<, flags such as (?i), \\A or \\Z, which JavaScript does not know")
    if elsewhere:
        return f"has {elsewhere[0]}: SDKs that evaluate locally may take it for something else"
    if found.chained == MOST_CHAINED:
        return f"takes seconds for some long texts: {_SIMPLER}"
    return None
