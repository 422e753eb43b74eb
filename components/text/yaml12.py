"""The one reader of YAML that people wrote: what a file says here is what it says to Pulumi.

Pulumi's CLI reads a stack's file with the Go module gopkg.in/yaml.v3, whose scalars are those of YAML 1.2 with a few
more spellings of numbers (its resolve.go). PyYAML's own reading is of YAML 1.1, in which `NO` is false and `22:30` is
1350; it is for what this project wrote itself. libyaml, from which both descend, finds the nodes.
"""

import base64
import binascii
import re
from typing import Any, Final

import yaml

from components.text import quoting
from components.text.bounds import without_collecting
from components.text.yaml_bounds import YamlError as YamlError
from components.text.yaml_bounds import count_repeated, error_at, look_through

STR: Final = "tag:yaml.org,2002:str"
_PLAIN: Final = "plain"  # the tag, in here, of a scalar without quotes and without a tag
_PREFIX: Final = "tag:yaml.org,2002:"
_TYPES: Final = {"bool": bool, "int": int, "float": float, "null": type(None)}
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}
_INT: Final = re.compile(
    r"[-+]?(0[bB](?P<two>[01]+)|0[oO]?(?P<eight>[0-7]+)|0[xX](?P<sixteen>[0-9a-fA-F]+)|(?P<ten>0|[1-9][0-9]*))"
)
_BASES: Final = {"two": 2, "eight": 8, "sixteen": 16, "ten": 10}
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]+)?"
_TIME: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
    rf"([Tt](?P<at>{_CLOCK})(?P<zone>Z|[-+][0-9]{{2}}:[0-9]{{2}})| (?P<local>{_CLOCK}))?"
)
_LONGEST_INT: Final = 64  # digits, of the largest one in base 2
_LEAST, _MOST, _MOST_UNSIGNED = -(2**63), 2**63 - 1, 2**64 - 1


class Timestamp(str):
    """A date or a time, as it was written without quotes. It is text that can be told apart."""

    __slots__ = ()


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's, where it is there
    """Finds nodes, and leaves to `scalar` what they mean."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else STR
        return str(super().resolve(kind, value, implicit))


def compose(text: str) -> yaml.Node | None:
    """The node of a text's only document; None for an empty text. Raises YamlError."""
    found = compose_all(text)
    if len(found) > 1:
        raise error_at(found[1].start_mark, "a second document begins here (---); one is expected")
    return found[0] if found else None


def compose_all(text: str) -> list[yaml.Node]:
    """The nodes of a text's documents. Raises YamlError, for what is beyond the bounds too."""
    text = text.removeprefix("\ufeff")  # which Windows' editors write, and Pulumi takes away
    with without_collecting():
        parser = _Loader(text)
        try:
            has_aliases = look_through(text, parser)
        finally:
            parser.dispose()
        loader = _Loader(text)
        try:
            found = []
            while loader.check_node():
                found.append(loader.get_node())
        except yaml.YAMLError as error:  # an alias of nothing
            mark, said = getattr(error, "problem_mark", None), str(getattr(error, "problem", error))
            raise (error_at(mark, said) if mark else YamlError(1, said, 1)) from None
        finally:
            loader.dispose()
    for node in found if has_aliases else ():
        count_repeated(node)
    return found


def read(text: str) -> Any:
    """The value of a text's only document; None for an empty one.

    Raises YamlError for what is no YAML, a key that is given twice, and one that is no text.
    """
    with without_collecting():
        node = compose(text)
        return None if node is None else _Values().of(node)


def read_all(text: str, *, any_key: bool = False) -> list[Any]:
    """The values of a text's documents; errors as for `read`. With `any_key` a key that is no text is made text."""
    with without_collecting():
        return [_Values(any_key=any_key).of(node) for node in compose_all(text)]


def is_tagged(node: yaml.ScalarNode) -> bool:
    """Whether a scalar has a tag that YAML does not know, such as `!vault`; it is read as the text that it has."""
    return node.tag not in (_PLAIN, STR) and not node.tag.startswith(_PREFIX)


def is_plain(node: yaml.Node) -> bool:
    """Whether a node is a scalar without quotes and without a tag, whose meaning is its looks'."""
    return bool(node.tag == _PLAIN)


def scalar(node: yaml.ScalarNode) -> Any:
    """What a scalar means: a text, a Timestamp, a number, a truth value or None. Raises YamlError."""
    text, tag = str(node.value), node.tag
    if tag == _PLAIN:
        return plain(text)
    short = tag.removeprefix(_PREFIX)
    if short == "binary":
        try:
            return base64.b64decode(text.encode(), validate=False).decode()
        except (binascii.Error, UnicodeError):
            raise error_at(node.start_mark, "!!binary is not followed by text in base64") from None
    if short == "timestamp":
        found: object = plain(text)
        is_right = isinstance(found, Timestamp)
    elif short in _TYPES:
        found = plain(text)
        if short == "float" and type(found) is int:
            found = float(found)
        is_right = type(found) is _TYPES[short]
    else:
        return text  # !!str, and tags that nobody here knows
    if not is_right:
        raise error_at(node.start_mark, f"{quoting.value(text)} is not a {short}, which its tag !!{short} says")
    return found


def plain(text: str) -> Any:
    """What a scalar without quotes and without a tag means: a text, a Timestamp, a number, a truth value or None."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return _float(text, text)
    if text[0] not in "+-0123456789":
        return text
    if parts_of_time(text) is not None:
        return Timestamp(text)
    number_text = text.replace("_", "")
    found = _INT.fullmatch(number_text)
    if found is not None:
        ((digits, base),) = ((found[name], base) for name, base in _BASES.items() if found[name])
        digits = digits.lstrip("0") or "0"
        # One that is longer is out of range in any base, and Python refuses to read thousands of digits.
        number = int(digits, base) * (-1 if number_text[0] == "-" else 1) if len(digits) <= _LONGEST_INT else 2**65
        if _LEAST <= number <= (_MOST if number_text[0] in "+-" else _MOST_UNSIGNED):
            return number
    return _float(number_text, text)


def _float(number_text: str, text: str) -> float | str:
    """The number in `number_text`; `text` where there is none, or one that is too large."""
    number = float(number_text) if _FLOAT.fullmatch(number_text) else float("inf")
    return text if number in (float("inf"), float("-inf")) else number


def parts_of_time(text: str) -> tuple[tuple[int, ...], str, str] | None:
    """Year to second of a date or a time, the digits of its fraction, its zone (`Z` or `+01:00`); None for none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    clock, _, fraction = re.sub(",", ".", found["at"] or found["local"] or "0:0:0").partition(".")
    year, month, day, hour, minute, second = (int(part) for part in [*found["date"].split("-"), *clock.split(":")])
    zone = found["zone"] or "Z"
    is_there = 1 <= month <= 12 and 1 <= day <= _days(year, month) and hour < 24 and minute < 60 and second < 60
    return ((year, month, day, hour, minute, second), fraction, zone) if is_there else None


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


class _Values:
    """Turns nodes into values; what an alias names, once."""

    def __init__(self, *, any_key: bool = False) -> None:
        self._any_key = any_key
        self._known: dict[int, Any] = {}
        self._open: set[int] = set()

    def of(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return scalar(node)
        if id(node) in self._open:
            raise error_at(node.start_mark, "an alias names what it is in")
        if id(node) not in self._known:
            self._open.add(id(node))
            if isinstance(node, yaml.MappingNode):
                self._known[id(node)] = self._mapping(node)
            else:
                self._known[id(node)] = [self.of(item) for item in node.value]
            self._open.remove(id(node))
        return self._known[id(node)]

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in lines:
                said = f"the key {quoting.value(key)} is given twice, first at line {lines[key]}; remove one"
                raise error_at(key_node.start_mark, said)
            lines[key] = _line(key_node)
            if key == "<<":
                for item in self._merged(value_node):
                    merged.update((name, value) for name, value in item.items() if name not in merged)
            else:
                own[key] = self.of(value_node)
        return {**merged, **own}

    def _merged(self, node: yaml.Node) -> list[dict[str, Any]]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        values = [self.of(item) for item in nodes]
        if not all(isinstance(value, dict) for value in values):
            raise error_at(node.start_mark, "<< merges mappings; this is none")
        return values

    def _key(self, node: yaml.Node) -> str:
        value = self.of(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, str) and (self._any_key or not isinstance(value, Timestamp)):
            return value
        if self._any_key and isinstance(value, bool | int | float):
            return str(value).lower()
        if isinstance(node, yaml.ScalarNode):
            raise error_at(node.start_mark, f"the key {quoting.value(node.value)} is not text; put it in quotes")
        kind = "map" if isinstance(node, yaml.MappingNode) else "list"
        raise error_at(node.start_mark, f"a {kind} stands where a key must be; keys are texts")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
