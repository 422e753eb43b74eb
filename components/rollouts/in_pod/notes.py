"""A rollout in the description of its share's segment: what is declared, and what is remembered.

One request of Flagsmith's writes a segment's rules and its description, so that the share and what is remembered of it
are never apart, whenever the writer is killed; and who reads the one has the other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from math import isfinite
from typing import Any, TypeVar

from .declared import MOST, Broken, Comparison, Declared, Guard, Measure, Step
from .shares import digest
from .states import Cause, Memory, Stage
from .windows import freeze, window

T = TypeVar("T")
FORMAT = 1
MARK = "Declared in git (ff)."
"""The last line of the description of every segment that `ff` made or adopted; segments have no tags."""
DECLARED = "Rollout (of the catalogue, by ff; do not edit): "
REMEMBERED = "State of the rollout (by ff): "


LONGEST = timedelta(days=1000)
"""More than a catalogue may say, which is a year."""


class NotesError(ValueError):
    """A description that says nothing that can be read; the message says what is wrong."""


@dataclass(frozen=True)
class Description:
    """A segment's description.

    Attributes:
        text: What is for people.
        declared: The rollout; None where there is none.
        memory: What is remembered; None where nothing is yet.
        is_marked: Whether it ends with the mark of what `ff` made.
    """

    text: str
    declared: Declared | None = None
    memory: Memory | None = None
    is_marked: bool = False


def plain_text(description: str) -> str:
    """What a description has for people: without the mark, and what is for programs."""
    lines = description.removesuffix(MARK).splitlines()
    return "\n".join(line for line in lines if not line.startswith((DECLARED, REMEMBERED))).rstrip("\n")


def read(description: str) -> Description:
    """The parts of a description. Raises NotesError where one of them is there and cannot be read."""
    found = Description(plain_text(description), is_marked=description.endswith(MARK))
    for line in description.splitlines():
        try:
            if line.startswith(DECLARED):
                found = replace(found, declared=_declared(_json(line, DECLARED)))
            elif line.startswith(REMEMBERED):
                found = replace(found, memory=_memory(_json(line, REMEMBERED)))
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
            raise NotesError(
                f"what the description says of the rollout cannot be read: {error or type(error)}"
            ) from None
    return found


def write(description: Description) -> str:
    """The description of these parts."""
    parts = [description.text]
    if description.declared is not None:
        parts.append(DECLARED + _text(declared_as_json(description.declared)))
    if description.memory is not None:
        parts.append(REMEMBERED + _text(memory_as_json(description.memory)))
    return "\n\n".join(filter(None, [*parts, MARK if description.is_marked else ""]))


def _json(line: str, prefix: str) -> dict[str, Any]:
    found = json.loads(line.removeprefix(prefix))
    if not isinstance(found, dict) or found["format"] != FORMAT:
        raise ValueError("it is of another release of ff")
    return found


def _text(found: Mapping[str, Any]) -> str:
    """One line, whatever is in it."""
    return json.dumps({"format": FORMAT, **found}, separators=(",", ":"), sort_keys=True)


def declared_as_json(declared: Declared) -> dict[str, Any]:
    """The rollout as it is kept; what is as it is by default is left out."""
    return {
        "flag": declared.flag,
        "environment": declared.environment,
        "group": declared.group,
        "steps": [[step.to, step.lasts.total_seconds()] for step in declared.steps],
        "start": declared.start.isoformat() if declared.start else None,
        "only": [item.text for item in declared.only],
        "freezes": [[item.text, item.zone] for item in declared.freezes],
        "guards": [_guard_as_json(guard) for guard in declared.guards],
        "enabled": declared.enabled,
        "base": declared.base,
        "value": declared.value,
        "conditions": declared.conditions,
        **({"rest": declared.rest} if declared.rest else {}),
        **({"ahead": list(declared.ahead)} if declared.ahead else {}),
    }


def brought(declared: Declared) -> str:
    """A digest of all that is declared: whether an apply brought another one since."""
    return digest(declared_as_json(declared))


def _guard_as_json(guard: Guard) -> dict[str, Any]:
    plain = Guard(guard.name)
    return {key: _plain(value) for key, value in asdict(guard).items() if value != getattr(plain, key) or key == "name"}


def _plain(value: Any) -> Any:
    match value:
        case timedelta():
            return value.total_seconds()
        case StrEnum():
            return str(value)
        case int():
            return float(value)  # as it is read again
        case _:
            return value


def _declared(found: Mapping[str, Any]) -> Declared:
    for key, most in MOST.items():
        if len(found[key]) > most:
            raise ValueError(f"it has {len(found[key])} entries of `{key}`: at most {most}")
    return Declared(
        flag=_a(str, found["flag"]),
        environment=_a(str, found["environment"]),
        group=None if found["group"] is None else _a(str, found["group"]),
        steps=tuple(Step(float(_number(to)), _length(lasts)) for to, lasts in found["steps"]),
        start=_moment(found["start"]) if found["start"] else None,
        only=tuple(window(text) for text in found["only"]),
        freezes=tuple(freeze(text, zone) for text, zone in found["freezes"]),
        guards=tuple(map(_guard, found["guards"])),
        enabled=_a(bool, found["enabled"]),
        base=_a(bool, found["base"]),
        value=_a(str, found["value"]),
        conditions=_a(str, found["conditions"]),
        rest=_a(str, found.get("rest", "")),
        ahead=tuple(_a(str, name) for name in found.get("ahead", ())),
    )


def _guard(found: Mapping[str, Any]) -> Guard:
    given = dict(found)
    readers: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(("name", "query", "samples"), partial(_a, str)),
        **dict.fromkeys(("holds", "warm_up", "warn_after"), _length),
        **dict.fromkeys(("at_most", "at_least", "least"), _number),
        "broken": Broken,
        "comparison": _comparison,
    }
    for key in given:
        if given[key] is not None:
            given[key] = readers[key](given[key])
    return Guard(**given)


def _comparison(found: Mapping[str, Any]) -> Comparison:
    texts = {key: _a(str, found[key]) for key in ("events", "total", "label", "new", "old")}
    alpha = _number(found["alpha"])
    if not 0 < alpha < 1:
        raise ValueError("alpha is no chance")
    return Comparison(Measure(found["measure"]), **texts, alpha=alpha)


def _a(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair is no text: one in a label would end the metrics of all
    return value


def _number(value: Any) -> float:
    """A number with which something can be compared: NaN is neither above a bound nor below it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return value


def _length(seconds: Any) -> timedelta:
    """A length that can be added to a day: none below nothing, and none of centuries."""
    found = timedelta(seconds=_number(seconds))
    if not timedelta() <= found <= LONGEST:
        raise ValueError(f"{seconds:g} s is no length of a step")
    return found


def memory_as_json(memory: Memory) -> dict[str, Any]:
    """What is remembered, as it is kept."""
    return {
        "share": memory.share,
        "since": memory.since.isoformat(),
        "stage": str(memory.stage),
        "at": memory.at.isoformat(),
        "cause": None if memory.cause is None else str(memory.cause),
        "why": memory.why,
        "who": memory.who,
        "went_back": memory.went_back,
        "away_since": memory.away_since.isoformat() if memory.away_since else None,
        "before": None if memory.before is None else list(memory.before),
        "brought": memory.brought,
        "begun": memory.begun,
    }


def _memory(found: Mapping[str, Any]) -> Memory:
    return Memory(
        share=float(_number(found["share"])),
        since=_moment(found["since"]),
        stage=Stage(found["stage"]),
        at=_moment(found["at"]),
        cause=None if found["cause"] is None else Cause(found["cause"]),
        why=_a(str, found["why"]),
        who=_a(str, found["who"]),
        went_back=bool(found["went_back"]),
        away_since=_moment(found["away_since"]) if found["away_since"] else None,
        before=None if found.get("before") is None else tuple(map(int, found["before"])),
        brought=str(found.get("brought", "")),
        begun=bool(found.get("begun", False)),
    )


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time has no zone")
    return found
