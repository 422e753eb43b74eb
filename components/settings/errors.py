"""The words in which wrong settings are refused."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from components.settings.problems import LOOK_UP, NOT_SHOWN, ContradictionError, Problem
from components.settings.schema import known_keys
from components.settings.shown import shown, shown_path, without_values
from components.text import quoting

PROJECT = "feature-flags"
_MOST_KEYS = 30  # that are named: a line with more of them is not read
_SECRET_KEY = re.compile(r"pass|secret|token|credential|url|dsn", re.IGNORECASE)


class SettingsError(Exception):
    """The settings of a stack are refused. The message has one line for each problem; nothing was deployed."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def describe(problem: Problem, values: Mapping[str, object], hidden: frozenset[str] = frozenset()) -> str:
    """Put a problem into one line: key, value (unless it could be a secret), what is allowed, what to do.

    `hidden` are parts of `values` that must not be in it, by `shown.hidden_parts`.
    """
    value = _look_up(problem.path, values) if problem.value is LOOK_UP else problem.value
    told = "" if value is NOT_SHOWN else shown(problem.path, value, problem.choices)
    return f"{PROJECT}:{shown_path(problem.path)}{told}: {without_values(problem.text, value, hidden)}"


def problems_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Turn pydantic's errors into problems with the house's words."""
    for number, details in enumerate(error.errors(include_url=False, include_input=False)):
        path = tuple(part for part in details["loc"] if part != "[key]")
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, ContradictionError):
            for problem in cause.problems:
                yield Problem(path=(*path, *problem.path), text=problem.text, value=problem.value)
        elif details["type"] == "extra_forbidden":
            # To look for what was meant takes time, and nobody reads thousands of hints.
            if number < quoting.MOST_LINES:
                yield unknown_key(path, model)
            else:
                yield Problem(path=path, text="is not a known key", value=NOT_SHOWN)
        else:
            text = _text(details["type"], details.get("ctx", {}), cause)
            yield Problem(path=path, text=text, choices=_choices(details["type"], details.get("ctx", {})))


def unknown_key(path: tuple[str | int, ...], model: type[BaseModel]) -> Problem:
    """Refuse a key that does not exist, naming the one that was probably meant. Its value is not shown."""
    key, known = str(path[-1]), known_keys(model, path[:-1])
    by_folded = {re.sub(r"[-_]", "", name).lower(): name for name in known}
    folded = re.sub(r"[-_]", "", key[: quoting.LONGEST_KEY]).lower()
    matches = get_close_matches(folded, list(by_folded), n=1, cutoff=0.6)
    if matches:
        hint = f"did you mean {by_folded[matches[0]]}?"
    elif _SECRET_KEY.search(key):
        hint = "secrets are not settings: put it in a Kubernetes Secret, and name that in existingSecret"
    elif len(known) > _MOST_KEYS:
        hint = f"none of the {len(known)} keys here is like it: docs/configuration.md has them all"
    else:
        hint = f"known keys here are {', '.join(sorted(known))}"
    return Problem(path=path, text=f"is not a known key: {hint}", value=NOT_SHOWN)


def _choices(kind: str, context: Mapping[str, Any]) -> tuple[str, ...]:
    """The allowed values, as pydantic lists them: `'a', 'b' or 'c'`."""
    return tuple(re.findall(r"'([^']*)'", str(context["expected"]))) if kind == "literal_error" else ()


def _text(kind: str, context: Mapping[str, Any], cause: object) -> str:
    if cause is not None:
        return str(cause)
    match kind:
        case "missing":
            return "is required and missing: set it"
        case "literal_error":
            return f"must be one of {', '.join(_choices(kind, context))}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "string_too_long":
            return f"must be at most {context['max_length']} characters long"
        case "too_short":
            return "must not be an empty list: name at least one, or leave the key out to get the default"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a map of keys and values"
        case "tuple_type" | "list_type":
            return "must be a list"
        case "string_type":
            return "must be text"
        case "invalid_key":
            return "must have a key that is text: write the key in quotes"
        case _:
            return f"is not valid ({kind.replace('_', ' ')})"


def _look_up(path: tuple[str | int, ...], values: object) -> object:
    for part in path:
        match values:
            case dict() if part in values:
                values = values[part]
            case list() if isinstance(part, int):
                values = values[part]
            case _:
                return NOT_SHOWN
    return values
