"""What conditions of a document from elsewhere must not be: what the engine never ends with, or fails at.

A catalogue's are looked at with the catalogue. Flagsmith takes expressions that keep it busy for ever, and the server
here has one thread: nobody else would be answered.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.text import quoting
from components.text.regular import LONGEST_TEXT
from flagops.commands.flags.catalogue.conditions import Expressions
from flagops.errors import AnswerError
from flagops.serving.engine import paths

NEEDS: Final = ("ALL", "ANY", "NONE")
DEEPEST: Final = 20
"""Rules within one another; Flagsmith makes three."""

Row = Mapping[str, Any]


def check_answerable(document: Row, label: str, expressions: Expressions) -> None:
    """Raises OpsError that names the segment, the condition, and what is wrong with it."""
    longest = _longest(document)
    for segment in document["project"]["segments"]:
        for said in _rules(segment["rules"], longest, expressions, 1):
            raise AnswerError(
                f"{label} cannot be served: its segment {quoting.value(segment['name'])} {said}.",
                hint="Change it there: Flagsmith itself, and SDKs that evaluate locally, have this trouble too.",
            )


def _longest(document: Row) -> int:
    """Characters of the longest text that an expression can be asked about: a trait, or a flag's value by its path."""
    states = [*document["feature_states"]]
    for segment in document["project"]["segments"]:
        states += segment.get("feature_states") or ()
    values = [state["feature_state_value"] for state in states]
    for state in states:
        values += [
            share["multivariate_feature_option"]["value"] for share in state["multivariate_feature_state_values"]
        ]
    return max([LONGEST_TEXT, len(document["name"]), *(len(value) for value in values if isinstance(value, str))])


def _rules(rules: list[Row], longest: int, expressions: Expressions, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"has rules within one another, more than {DEEPEST} deep"
        return
    for rule in rules:
        if rule["type"] not in NEEDS:
            yield f"has a rule of the type {quoting.value(rule['type'])}; the engine knows {', '.join(NEEDS)}"
        for condition in rule.get("conditions") or ():
            problem = _condition(condition, longest, expressions)
            if problem is not None:
                operator = quoting.short(condition["operator"])
                yield f"has a condition with {operator} {quoting.value(condition['value'])}, which {problem}"
        yield from _rules(rule.get("rules") or [], longest, expressions, depth + 1)


def _condition(condition: Row, longest: int, expressions: Expressions) -> str | None:
    asked, value = condition.get("property_") or "", condition["value"]
    found = paths.problem_of(asked)
    if found is not None:
        return f"asks about {quoting.value(asked)}; this {found}"
    match condition["operator"]:
        case "REGEX":
            is_path = asked.startswith(paths.PREFIX)
            return expressions.look_at(str(value), longest=longest if is_path else LONGEST_TEXT).error
        case "MODULO":
            return _modulo(value or "")
        case "PERCENTAGE_SPLIT":
            return None if _is_number(value) else "is no number"
        case "IN":
            return "has no values" if value is None else None
    return None


def _modulo(value: str) -> str | None:
    divisor, bar, rest = value.partition("|")
    return "divides by 0" if bar and _is_number(rest) and _is_number(divisor) and float(divisor) == 0 else None


def _is_number(text: str | None) -> bool:
    try:
        return math.isfinite(float(text or ""))
    except ValueError:
        return False
