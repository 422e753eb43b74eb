"""What is wrong with the form of a catalogue, in words for those who write one."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from components.rollouts.in_pod.declared import Broken, Measure
from components.text import quoting
from components.text.quoting import LONGEST_KEY
from flagops.commands.flags.catalogue.model import FlagKind, Role, StateOwner, schema
from flagops.commands.flags.catalogue.naming import NameStyle
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.segment import Operator


def problem_of(error: Any) -> CatalogueProblem:
    """pydantic's error in words for those who write catalogues."""
    key = _key(error["loc"])
    kind, given, last = error["type"], quoting.value(error.get("input")), str(error["loc"][-1])
    if kind == "extra_forbidden" and key == ("access", "roles"):
        text = "are of Flagsmith's Enterprise edition, whose API the open-source one lacks: give groups their roles"
        return CatalogueProblem(key, text)
    if kind == "extra_forbidden":
        return CatalogueProblem(key, f"is not a known key: {_meant(key)}")
    if kind == "missing":
        return CatalogueProblem(key[:-1], f"lacks the key {last!r}", lacks=last)
    if kind == "greater_than_equal":
        return CatalogueProblem(key, f"is {given}: must be at least {error['ctx']['ge']:g}")
    if kind == "greater_than":
        return CatalogueProblem(key, f"is {given}: must be more than {error['ctx']['gt']:g}")
    if kind == "less_than_equal":
        return CatalogueProblem(key, f"is {given}: must be at most {error['ctx']['le']:g}")
    if kind == "string_pattern_mismatch":
        return CatalogueProblem(
            key, f"is {given}: must be a Kubernetes name, of small letters, digits and -, at most 63"
        )
    if _is_custom_field(key):
        if error.get("input") is None:
            return CatalogueProblem(key, "is empty: leave the field out, and it stays as it is")
        text = "must be true, false, a whole number or a text; write any other number in quotes"
        return CatalogueProblem(key, f"is {given}: {text}")
    if key[:1] == ("segments",) and key[-1] == "value":
        text = "must be true, false, a number or a text; for IN, a text of values with commas between them, as a,b"
        return CatalogueProblem(key, f"is {given}: {text}")
    if len(key) > 2 and key[-1] == "value":
        text = "must be true, false, a text, a whole number, a mapping or a list; write any other number in quotes"
        return CatalogueProblem(key, f"is {given}: {text}")
    if str(key[-1]) in _ALLOWED and kind not in _CONTAINERS:
        return CatalogueProblem(key, f"is {given}: must be one of {_ALLOWED[str(key[-1])]}")
    wanted = _WORDS.get(kind, error["msg"][:1].lower() + error["msg"][1:])
    return CatalogueProblem(key, f"is {given}: {wanted}")


def _meant(key: Key) -> str:
    """Which key was probably meant."""
    known = known_keys(key[:-1])
    near = get_close_matches(str(key[-1])[:LONGEST_KEY].casefold(), sorted(known), n=1, cutoff=0.75)
    return f"did you mean {near[0]}?" if near else "remove it, or correct its name"


@cache
def known_keys(place: Key) -> frozenset[str]:
    """The keys that a catalogue may have at a place, by its schema; empty where people choose the names."""
    top = schema()
    parts = [top]
    for step in place:
        parts = [below for part in parts for below in _below(part, step, top)]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def _below(part: dict[str, Any], step: str | int, top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of the schema that can stand at a key of one."""
    if isinstance(step, int):
        found = part.get("items")
    else:
        found = part.get("properties", {}).get(step) or part.get("additionalProperties")
    yield from _alternatives(found, top)


def _alternatives(part: Any, top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not isinstance(part, dict):
        return
    if "$ref" in part:
        yield from _alternatives(top["$defs"][part["$ref"].rpartition("/")[2]], top)
        return
    yield part
    for other in (*part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())):
        yield from _alternatives(other, top)


def distinct(problems: list[CatalogueProblem]) -> list[CatalogueProblem]:
    """One problem for each key: a value that may be of several types is refused once for each of them."""
    found: dict[tuple[Key, str], CatalogueProblem] = {}
    for problem in problems:
        found.setdefault((problem.key, problem.lacks), problem)
    return list(found.values())


def _key(place: tuple[str | int, ...]) -> Key:
    """A place without what pydantic adds to it: the members of a union behind a value, its functions' names, tags."""
    place = tuple(part for part in place if not _is_function(part))
    for number in range(3, len(place)):
        if place[number - 1] == "value" or _is_custom_field(place[:number]):
            return place[:number]
    return place


def _is_custom_field(key: Key) -> bool:
    return len(key) == 4 and key[0] in ("flags", "segments") and key[2] == "metadata"


def _is_function(part: str | int) -> bool:
    return isinstance(part, str) and ((part.startswith("function-") and part.endswith("]")) or part == "[key]")


_CONTAINERS = frozenset(["model_type", "mapping_type", "dict_type"])
_ALLOWED = {
    "operator": ", ".join(Operator),
    "kind": ", ".join(FlagKind),
    "role": ", ".join(Role),
    "names": ", ".join(NameStyle),
    "state": ", ".join(StateOwner),
    "broken": ", ".join(Broken),
    "measure": ", ".join(Measure),
}
_WORDS = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text: write it in quotes",
    "tuple_type": "must be a list",
    "mapping_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping of keys",
    "string_too_short": "must not be empty",
    "date_type": "must be a date such as 2027-06-30, without quotes",
}
