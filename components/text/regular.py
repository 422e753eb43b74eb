"""Tells which regular expressions could keep Python busy for ever: Flagsmith runs those of a catalogue on its users.

Python's `re` tries, where a text does not match, every way in which the expression can read its beginning. There are
few where each character leaves one way to go on; there are more than can be tried where something that repeats can be
divided in several ways, as in (a+)+. What Python reads the expression as is made into an automaton
(`regular_automaton`), and its ways to read the worst text are counted (`regular_cost`).
"""

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from components.text import quoting
from components.text.regular_cost import Cost, cost
from components.text.regular_pieces import MOST_STEPS, SINGLES, Unfit

LONGEST: Final = 1000
"""Characters; Flagsmith takes no longer value of a condition (its setting SEGMENT_CONDITION_VALUE_LIMIT)."""
LONGEST_TEXT: Final = 2000
"""Characters of the longest text that a trait can hold (Flagsmith's TRAIT_STRING_VALUE_MAX_LENGTH)."""
MOST_SECONDS: Final = 0.6
"""What the worst text may cost as it is counted, so that none costs a second: there can be texts that are somewhat
worse than those that are found."""
SLOW_SECONDS: Final = 0.2
"""From here on it is worth knowing."""
_SIMPLER: Final = "let no part that repeats hold one that repeats, and let what follows it begin with another character"
_ELSEWHERE: Final = {
    "ASSERT": "a look ahead or behind, which Go and Rust do not know",
    "ASSERT_NOT": "a look ahead or behind, which Go and Rust do not know",
    "ATOMIC_GROUP": "an atomic group, which only some languages know",
    "POSSESSIVE_REPEAT": "a possessive quantifier, which only some languages know",
}


@dataclass(frozen=True)
class Expression:
    """What is to be said of an expression, each for after "is" or "has"; None for nothing.

    Attributes:
        error: Why it cannot be taken.
        warning: What is worth knowing.
        steps: What it took to find out.
    """

    error: str | None = None
    warning: str | None = None
    steps: int = 0


_BEYOND: Final = Expression(
    "is no regular expression that Python can read: it has too large a number, or goes too deep"
)


@lru_cache(maxsize=4096)
def look_at(pattern: str, *, longest: int = LONGEST_TEXT, is_searched: bool = False) -> Expression:
    """Whether an expression can be taken: by Python, and for texts of people who want to do harm.

    Args:
        pattern: the expression.
        longest: Characters of the longest text that it is asked about.
        is_searched: Whether it is looked for anywhere in the text (`re.search`), not at its beginning (`re.match`).
    """
    if len(pattern) > LONGEST:
        return Expression(f"has {len(pattern)} characters; an expression can have {LONGEST}")
    try:
        tree = _read(pattern)
    except re.error as error:
        return Expression(f"is no regular expression as Python reads them: {quoting.short(str(error))}")
    except FutureWarning:
        return Expression(
            "is no regular expression as Python reads them: [[ or --, && or || within a set, of other languages"
        )
    except (OverflowError, RecursionError):
        return _BEYOND
    try:
        found = cost(_that_can_fail(tree), re.compile(pattern).flags, longest, is_searched=is_searched)
    except RecursionError:
        return _BEYOND
    except Unfit as error:
        return Expression(str(error), steps=MOST_STEPS)
    seconds = found.nanoseconds / 10**9
    if seconds == float("inf"):
        said = f"never ends for some texts, since what it repeats can be divided in many ways: {_SIMPLER}"
        return Expression(said, steps=found.steps)
    if seconds > MOST_SECONDS:
        said = f"takes too long for some texts, since many of its parts can take the same characters: {_SIMPLER}"
        return Expression(said, steps=found.steps)
    return Expression(None, _warning(found, pattern), found.steps)


def _that_can_fail(items: Any) -> list[Any]:
    """The expression without the repetitions at its end that cannot fail: nothing before is tried again for them."""
    kept = [*items]
    while kept and str(kept[-1][0]) in ("MAX_REPEAT", "MIN_REPEAT") and _is_any_number_of_one(*kept[-1][1]):
        kept.pop()
    if kept and str(kept[-1][0]) == "SUBPATTERN":
        kind, (group, more, less, item) = kept[-1]
        kept[-1] = (kind, (group, more, less, _that_can_fail(item)))
    return kept


def _is_any_number_of_one(least: int, _: int, item: Any) -> bool:
    return least == 0 and len(item) == 1 and str(item[0][0]) in SINGLES


def _read(pattern: str) -> Any:
    """How Python reads it. Raises what `re.compile` does, and FutureWarning for what will mean something else."""
    from re import _parser  # type: ignore[attr-defined]  # the reader has no public name since 3.11

    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        return _parser.parse(pattern)


def _warning(found: Cost, pattern: str) -> str | None:
    elsewhere = [text for name, text in _ELSEWHERE.items() if name in found.kinds]
    if re.search(r"\(\?(?:P<|[aimsx-]+[:)])|\\[AZ]", pattern):
        elsewhere.append("(?P<, flags such as (?i), \\A or \\Z, which JavaScript does not know")
    if elsewhere:
        return f"has {elsewhere[0]}: SDKs that evaluate locally may take it for something else"
    if found.nanoseconds > SLOW_SECONDS * 10**9:
        return f"takes long for some long texts: {_SIMPLER}"
    return None
