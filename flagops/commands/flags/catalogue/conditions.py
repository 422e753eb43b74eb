"""What must hold in the conditions of segments, so that the engine which evaluates them can.

The engine is flag-engine's (flag_engine.segments.evaluator), which the server and the SDKs run. What it cannot read it
takes for false without a word, or the request of each user that the condition asks about ends in an error.
"""

import math
import re
from collections.abc import Iterator

from components.text import bounds, quoting
from components.text.regular import LONGEST_TEXT, Expression, look_at
from flagops.commands.flags.catalogue.limits import ServerLimits
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.segment import JOINS, Condition, ConditionGroup, Operator, Segment
from flagops.serving.engine import paths

WITHOUT_VALUE = frozenset([Operator.IS_SET, Operator.IS_NOT_SET])
MAY_BE_EMPTY = frozenset([Operator.EQUAL, Operator.NOT_EQUAL])
COMPARING = frozenset(
    [
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_INCLUSIVE,
        Operator.LESS_THAN,
        Operator.LESS_THAN_INCLUSIVE,
    ]
)
ALL = 100.0
LONGEST_FLAG = 20_000
"""Characters of a flag's value, which a path such as $.flags.banner.value asks about (FEATURE_VALUE_LIMIT)."""
LONGEST_TRAIT = 1000
"""Characters of a trait's name in a condition, the column of the server's table."""
LONGEST_KEPT = 200
"""Characters of the name of a trait that the server keeps of a user (environments/identities/traits/models.py)."""
LARGEST_KEPT = 2**31 - 1
"""The largest whole number that it keeps as a trait, PostgreSQL's integer: it answers 500 to a larger one."""
MOST_EXPRESSIONS = 300
"""Different regular expressions of a catalogue, each of which takes a few milliseconds to look at."""
MOST_STEPS = 400_000
"""Of looking at all of them, about a second."""
_MODULO = re.compile(r"(?P<divisor>[0-9]{1,15}(\.[0-9]{1,15})?)\|(?P<rest>[0-9]{1,15}(\.[0-9]{1,15})?)")
OF_FLAGS = ("$.flags", "$..", "$.*")
"""What a condition asks for other flags by: their names, or a path that leads to everything."""
_SEMVER = ":semver"
_WHOLE = re.compile(r"[-+]?[0-9]{1,400}")
NO_VALUE = "None"
# https://semver.org, the suggested expression; each number has an end, of which Python can read the digits.
_VERSION = re.compile(
    r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,17})"
    r"(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)


class Expressions:
    """Looks at a catalogue's regular expressions, each once, as long as there are not too many."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Expression] = {}
        self._steps = 0

    def look_at(self, text: str, longest: int = LONGEST_TEXT) -> Expression:
        """What is to be said of an expression that is asked about texts of so many characters at most.

        One that is too much is not looked at, and refused.
        """
        found = self._known.get((text, longest))
        if found is None:
            if len(self._known) >= MOST_EXPRESSIONS or self._steps > MOST_STEPS:
                return Expression(
                    f"was not looked at: a catalogue can have {MOST_EXPRESSIONS} expressions, of usual length"
                )
            found = self._known[text, longest] = look_at(text, longest=longest)
            self._steps += found.steps
        return found


def check_conditions(
    key: Key, segment: Segment, expressions: Expressions, limits: ServerLimits
) -> Iterator[CatalogueProblem]:
    """What is wrong with a segment's conditions."""
    found, most = list(conditions_of(key, segment)), limits.segment_rules_conditions_limit
    if len(found) > most:
        yield CatalogueProblem(key, f"has {len(found)} conditions; {taken(most, 'SEGMENT_RULES_CONDITIONS_LIMIT')}")
    for place, condition in found:
        yield from _condition(place, condition, expressions, limits.segment_condition_value_limit)


def conditions_of(key: Key, group: Segment | ConditionGroup) -> Iterator[tuple[Key, Condition]]:
    """All conditions of a segment with their places, those of its groups too."""
    for join in JOINS:
        for number, part in enumerate(getattr(group, join)):
            place: Key = (*key, join, number)
            if isinstance(part, Condition):
                yield place, part
            else:
                yield from conditions_of(place, part)


def count_of(segment: Segment) -> int:
    """How many conditions a segment has."""
    return sum(1 for _ in conditions_of((), segment))


def taken(most: int, setting: str) -> str:
    """What Flagsmith takes, by which setting of its own."""
    return f"Flagsmith takes {most} ({setting}: if yours has another one, say so in `limits`)"


def _condition(key: Key, condition: Condition, expressions: Expressions, longest: int) -> Iterator[CatalogueProblem]:
    if condition.operator is Operator.PERCENTAGE_SPLIT:
        yield from _split(key, condition)
        return
    yield from _trait(key, condition)
    if condition.operator in WITHOUT_VALUE:
        if condition.value not in (None, ""):  # the UI writes an empty text, which is nothing
            yield CatalogueProblem((*key, "value"), f"is not used by {condition.operator}: remove it")
    elif condition.value is None and "value" in condition.model_fields_set:
        said = f"is null, which is no value for {condition.operator} to compare with: write the text in quotes"
        yield CatalogueProblem((*key, "value"), said)
    elif condition.value is None:
        yield CatalogueProblem(key, f"lacks the key 'value', which {condition.operator} compares with")
    else:
        yield from _value((*key, "value"), condition, condition.value, expressions)
        length = len(str(condition.value).strip())
        if length > longest:
            said = f"has {length} characters; {taken(longest, 'SEGMENT_CONDITION_VALUE_LIMIT')}"
            yield CatalogueProblem((*key, "value"), said)


def _trait(key: Key, condition: Condition) -> Iterator[CatalogueProblem]:
    trait, place = condition.trait, (*key, "trait")
    if trait is None:
        yield CatalogueProblem(key, f"lacks the key 'trait', of which {condition.operator} asks")
    elif not trait.strip():
        yield CatalogueProblem(place, f"is {quoting.value(trait)}: Flagsmith takes no name without a letter")
    elif len(trait) > LONGEST_TRAIT:
        text = f"has {len(trait)} characters ({quoting.value(trait)}); Flagsmith takes {LONGEST_TRAIT}"
        yield CatalogueProblem(place, text)
    elif (problem := paths.problem_of(trait)) is not None:
        yield CatalogueProblem(place, f"is {quoting.value(trait)}, which {problem}")
    elif len(trait) > LONGEST_KEPT:
        text = f"has {len(trait)} characters: Flagsmith keeps no trait of a user whose name has over {LONGEST_KEPT}"
        yield CatalogueProblem(place, text, is_warning=True)
    elif trait.startswith(OF_FLAGS):
        text = f"is {quoting.value(trait)}: it asks for other flags, which Flagsmith's servers have no engine for"
        yield CatalogueProblem(place, f"{text} up to 2.265.0; `plan` asks yours", is_warning=True)


def _split(key: Key, condition: Condition) -> Iterator[CatalogueProblem]:
    if condition.trait is not None:
        yield from _trait(key, condition)
    share = condition.value
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= ALL:
        yield CatalogueProblem((*key, "value"), f"is {quoting.value(share)}: must be a percentage from 0 to 100")


def _value(key: Key, condition: Condition, value: object, expressions: Expressions) -> Iterator[CatalogueProblem]:
    operator = condition.operator
    if isinstance(value, float) and not math.isfinite(value):
        yield CatalogueProblem(key, f"is {value}: must be a number, or a text in quotes")
        return
    text = str(value).strip()  # as Flagsmith keeps it
    if not text and operator not in MAY_BE_EMPTY:
        # The server takes it, and its UI writes it for a field that nobody filled in.
        yield CatalogueProblem(key, f"is empty: name what {operator} compares with", is_warning=True)
        return
    elif operator is Operator.REGEX:
        is_path = (condition.trait or "").startswith(paths.PREFIX)
        yield from _expression(key, text, expressions.look_at(text, LONGEST_FLAG if is_path else LONGEST_TEXT))
    elif operator is Operator.MODULO:
        yield from _modulo(key, text)
    elif operator is Operator.IN:
        yield from _list(key, text)
    elif text == NO_VALUE:
        said = f"is {NO_VALUE!r}, which Flagsmith itself writes where a condition has no value: ask for another text"
        yield CatalogueProblem(key, said)
    elif operator in COMPARING:
        yield from _compared(key, text)


def _compared(key: Key, text: str) -> Iterator[CatalogueProblem]:
    if text.endswith(_SEMVER) and not _VERSION.fullmatch(text.removesuffix(_SEMVER)):
        yield CatalogueProblem(key, f"is {quoting.value(text)}: before {_SEMVER} must be a version such as 2.10.0")
    elif _WHOLE.fullmatch(text) and not -LARGEST_KEPT - 1 <= int(text) <= LARGEST_KEPT:
        said = f"is {text}: Flagsmith keeps no whole number of more than 32 bits as a trait, and answers 500 to one"
        yield CatalogueProblem(key, f"{said}; give users it as text, or in another unit", is_warning=True)


def _expression(key: Key, text: str, found: Expression) -> Iterator[CatalogueProblem]:
    if found.error is not None:
        yield CatalogueProblem(key, f"is '{quoting.short(text)}', and {found.error}")
    elif found.warning is not None:
        yield CatalogueProblem(key, f"is '{quoting.short(text)}', and {found.warning}", is_warning=True)


def _modulo(key: Key, text: str) -> Iterator[CatalogueProblem]:
    found = _MODULO.fullmatch(text)
    if found is None:
        yield CatalogueProblem(key, f"is {quoting.value(text)}: must be DIVISOR|REMAINDER, such as 2|0")
        return
    divisor, rest = float(found["divisor"]), float(found["rest"])
    if divisor == 0:
        said = "nothing can be divided by 0; the server answers with an error to each user whose trait is a number"
        yield CatalogueProblem(key, f"is {quoting.value(text)}: {said}")
    elif rest >= divisor:
        yield CatalogueProblem(
            key, f"is {quoting.value(text)}: the remainder must be less than the divisor, or nobody has it"
        )


def _list(key: Key, text: str) -> Iterator[CatalogueProblem]:
    """Values with commas between them, or a list in JSON; what only begins as one is read as the former."""
    if not text.startswith("["):
        yield from _listed(key, text)
        return
    try:
        found = bounds.json_of(text)
    except bounds.BoundsError as error:
        yield CatalogueProblem(key, f"is {quoting.value(text)}, which {error}")
        return
    except ValueError:
        yield from _listed(key, text)
        return
    if not found:
        yield CatalogueProblem(key, "is an empty list, in which nobody is: name one value at least")
    elif any(isinstance(item, dict | list) for item in found):
        yield CatalogueProblem(key, f"is {quoting.value(text)}: a list must hold texts and numbers")


def _listed(key: Key, text: str) -> Iterator[CatalogueProblem]:
    """A blank beside a comma is part of a value, which no user's trait has by intention."""
    items = text.split(",")
    odd = next((item for item in items if item != item.strip()), None)
    if odd is not None:
        said = f"holds {quoting.value(odd)}, with a blank that users' values would need too: write a,b without blanks"
        yield CatalogueProblem(key, f"{said}, or a list in JSON if you mean it")
    elif "" in items and len(items) > 1:
        yield CatalogueProblem(key, "holds an empty value, before, behind or between commas: remove the comma")
