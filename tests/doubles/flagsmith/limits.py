"""What Flagsmith's serializers refuse by the models' fields, in their words."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.doubles.flagsmith.database import RefusalError, Row

FEATURE_VALUE = 20_000
CONDITION_VALUE = 1000
CONDITIONS = 100
DEEPEST = 2
LARGEST = 2**31 - 1
ALL = 100.0
NAME, GROUP, LABEL, COLOUR, TRAIT, KEY = 2000, 200, 100, 10, 1000, 255
OPERATORS = frozenset(
    [
        *("EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE"),
        *("CONTAINS", "NOT_CONTAINS", "REGEX", "PERCENTAGE_SPLIT", "MODULO", "IS_SET", "IS_NOT_SET", "IN"),
    ]
)
TYPES = frozenset(["ALL", "ANY", "NONE"])
Said = Iterator[str]


def check(given: Row, **checks: Callable[[Any], Said]) -> None:
    """Refuse what is given with all that is wrong with each of its fields."""
    found = {name: list(of(given[name])) for name, of in checks.items() if name in given}
    wrong = {name: said for name, said in found.items() if said}
    if wrong:
        raise RefusalError(400, wrong)


def text(most: int, *, may_be_blank: bool = False, may_be_null: bool = False) -> Callable[[Any], Said]:
    """A CharField, which is trimmed before it is looked at."""

    def said(value: Any) -> Said:
        if value is None:
            if not may_be_null:
                yield "This field may not be null."
            return
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            yield "Not a valid string."
            return
        kept = str(value).strip()
        if not kept and not may_be_blank:
            yield "This field may not be blank."
        if len(kept) > most:
            yield f"Ensure this field has no more than {most} characters."
        if "\0" in kept:
            yield "Null characters are not allowed."

    return said


def slug(value: Any) -> Said:
    """The key of a variation, which may be left out."""
    yield from text(KEY, may_be_null=True)(value)
    if value is not None and not re.fullmatch(r"[-a-zA-Z0-9_]+", str(value).strip()):
        yield "Enter a valid \u201cslug\u201d consisting of letters, numbers, underscores or hyphens."


def whole(value: Any) -> Said:
    """An IntegerField of PostgreSQL, which may be left out."""
    if value is not None and value > LARGEST:
        yield f"Ensure this value is less than or equal to {LARGEST}."
    if value is not None and value < -LARGEST - 1:
        yield f"Ensure this value is greater than or equal to {-LARGEST - 1}."


def share(value: Any) -> Said:
    """A percentage."""
    if float(value) > ALL:
        yield "Ensure this value is less than or equal to 100."
    if float(value) < 0:
        yield "Ensure this value is greater than or equal to 0."


def value(given: Row) -> None:
    """A value in its typed form."""
    longest = text(FEATURE_VALUE, may_be_blank=True, may_be_null=True)
    check(given, string_value=longest, integer_value=whole)


def rules(given: list[Row]) -> None:
    """The rules of a segment."""
    if _depth(given) > DEEPEST:
        raise RefusalError(400, {"segment": [f"Rules must not be nested more than {DEEPEST} levels deep."]})
    if not given:
        raise RefusalError(400, {"rules": {"non_field_errors": ["This list may not be empty."]}})
    found = [_rule(rule) for rule in given]
    if any(found):
        raise RefusalError(400, {"rules": found})
    if any("property" not in item for rule in _all(given) for item in rule.get("conditions", [])):
        raise RefusalError(500, None)  # the real one looks for the key
    count = sum(len(rule.get("conditions", [])) for rule in _all(given))
    if count > CONDITIONS:
        said = f"The segment has {count} conditions, which exceeds the maximum condition count of {CONDITIONS}."
        raise RefusalError(400, {"segment": [said]})


def _all(given: Iterable[Row]) -> Iterator[Row]:
    for rule in given:
        yield rule
        yield from _all(rule.get("rules", []))


def _depth(given: list[Row]) -> int:
    return 1 + max((_depth(rule.get("rules", [])) for rule in given), default=0) if given else 0


def _rule(rule: Row) -> Row:
    found: Row = {}
    if rule.get("type") not in TYPES:
        found["type"] = [f'"{rule.get("type")}" is not a valid choice.']
    for name, of in (("conditions", _condition), ("rules", _rule)):
        problems = [of(item) for item in rule.get(name, [])]
        if any(problems):
            found[name] = problems
    return found


def _condition(given: Row) -> Row:
    found: Row = {}
    if given["operator"] not in OPERATORS:
        found["operator"] = [f'"{given["operator"]}" is not a valid choice.']
    wanted = {"property": text(TRAIT, may_be_null=True), "value": text(CONDITION_VALUE, may_be_blank=True)}
    values = {"property": given.get("property"), "value": str(given.get("value"))}
    found |= {name: said for name, of in wanted.items() if (said := list(of(values[name])))}
    return found
