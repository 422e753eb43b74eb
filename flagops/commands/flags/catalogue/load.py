"""Reads a catalogue from YAML, and knows at which line each key is."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.text import bounds, quoting, yaml12, yaml_exact
from flagops.commands.flags.catalogue.model import Catalogue, FlagKind, Role, StateOwner
from flagops.commands.flags.catalogue.naming import NameStyle
from flagops.commands.flags.catalogue.problems import CatalogueError, CatalogueProblem, FileLine, Key, dotted
from flagops.commands.flags.catalogue.segment import Operator
from flagops.errors import NotFoundError
from flagops.files import reading

DEEPEST = 40  # levels
_UNSEEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True)
class CatalogueFile:
    """A catalogue's file, with the line of each key."""

    path: Path
    lines: dict[Key, int]

    def place(self, key: Key) -> FileLine:
        """Where a key is; where the nearest one above it is, for one that is missing."""
        while key and key not in self.lines:
            key = key[:-1]
        return FileLine(self.path, self.lines.get(key, 1))

    def line(self, problem: CatalogueProblem) -> str:
        """One line for people: file, line, key, what is wrong."""
        where = dotted(problem.key)
        return f"{self.place(problem.key)}: {f'{where}: ' if where else ''}{problem.text}"


def load(path: Path) -> tuple[Catalogue, CatalogueFile]:
    """The catalogue in a file. Raises CatalogueError with all that is wrong with it."""
    absent = NotFoundError(
        f"There is no catalogue at {path}.",
        hint="Name another one, such as flags/catalogue.yaml; without a name, that of the project is taken.",
    )
    with reading(path, absent=absent):
        text = bounds.text_of(path)
    return parse(text, path)


def parse(text: str, path: Path) -> tuple[Catalogue, CatalogueFile]:
    """The catalogue in a text, which is or will be in the file `path`. Raises CatalogueError as `load` does."""
    with bounds.without_collecting():
        return _parse(text, path)


def _parse(text: str, path: Path) -> tuple[Catalogue, CatalogueFile]:
    try:
        node = yaml12.compose(text)
    except yaml12.YamlError as error:
        raise CatalogueError(f"{path}:{error.line}: this is not valid YAML: {error.said}") from None
    problems: list[CatalogueProblem] = []
    lines: dict[Key, int] = {}
    content = _read(node, (), lines, problems) if node is not None else None
    source = CatalogueFile(path, lines)
    if not isinstance(content, dict):
        problems.append(CatalogueProblem((), "must be a mapping with `project`, `environments` and `flags`"))
    if problems:
        raise refused(source, problems)
    try:
        return Catalogue.model_validate(content), source
    except ValidationError as error:
        raise refused(source, _distinct([_problem(item) for item in error.errors()])) from None


def refused(source: CatalogueFile, problems: list[CatalogueProblem]) -> CatalogueError:
    """The error that says all of it, in the order of the lines."""
    ordered = sorted(problems, key=lambda item: source.place(item.key).line)
    return CatalogueError("\n".join(quoting.few([source.line(problem) for problem in ordered])), ordered)


def read_back(text: str, key: Key) -> Any:
    """What stands at a key of a catalogue in a text of YAML; None for what no catalogue can have there."""
    try:
        node = yaml12.compose(text)
    except yaml12.YamlError:
        return None
    problems: list[CatalogueProblem] = []
    found = None if node is None else _read(node, key, {}, problems)
    return None if problems else found


def _read(node: yaml.Node, key: Key, lines: dict[Key, int], problems: list[CatalogueProblem]) -> Any:
    """The plain value of a node; every key's line is noted, and a key given twice is a problem."""
    lines.setdefault(key, node.start_mark.line + 1)
    if len(key) > DEEPEST:
        problems.append(CatalogueProblem(key[:3], f"goes more than {DEEPEST} levels deep"))
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*key, number), lines, problems) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node, key, problems)
    merged: dict[str, Any] = {}
    for name_node, value_node in node.value:
        if _is_merge(name_node):
            merged = _merged(value_node, key, lines, problems) | merged
    found: dict[str, Any] = {}
    for name_node, value_node in node.value:
        if _is_merge(name_node):
            continue
        if not isinstance(name_node, yaml.ScalarNode):
            kind = "map" if isinstance(name_node, yaml.MappingNode) else "list"
            problems.append(CatalogueProblem(key, f"has a {kind} where a key must be; keys are texts"))
            continue
        name = str(name_node.value)
        if not name.isprintable():
            problems.append(CatalogueProblem((*key, name), "is a key with characters that nobody sees, or line breaks"))
        place = (*key, name)
        if name in found:
            first = lines[place]
            problems.append(CatalogueProblem((*key, name), f"is given twice, first at line {first}: remove one"))
        for below in [line for line in lines if line[: len(place)] == place] if name in merged else ():
            del lines[below]
        lines[place] = name_node.start_mark.line + 1
        found[name] = _read(value_node, place, lines, problems)
    return merged | found


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and yaml12.is_plain(node)


def _merged(node: yaml.Node, key: Key, lines: dict[Key, int], problems: list[CatalogueProblem]) -> dict[str, Any]:
    """What `<<` takes over from another mapping, or from several, of which the first one counts."""
    found: dict[str, Any] = {}
    for item in reversed(node.value if isinstance(node, yaml.SequenceNode) else [node]):
        if isinstance(item, yaml.MappingNode):
            found |= _read(item, key, lines, problems)
        else:
            lines[(*key, "<<")] = node.start_mark.line + 1
            problems.append(CatalogueProblem((*key, "<<"), "takes over mappings, such as *name; this is none"))
    return found


def _is_value(key: Key) -> bool:
    """Whether it is a value of a flag, or a part of one, or what a condition compares with: texts of any kind."""
    return "value" in key[2:]


def _scalar(node: Any, key: Key, problems: list[CatalogueProblem]) -> Any:
    said = f"its tag {quoting.key(node.tag)} is not known" if yaml12.is_tagged(node) else ""
    value: Any = None
    other = yaml_exact.read_as(node, is_exact=_is_value(key), is_kept_as_text=_is_value(key) and key[0] == "segments")
    if other is not None:
        text = (
            f"is {quoting.value(node.value)} without quotes, which is read as {other}: write it in quotes, or {other}"
        )
        problems.append(CatalogueProblem(key, text))
        return None
    try:
        value = yaml12.scalar(node)
    except yaml12.YamlError as error:
        said = error.said
    if said:
        problems.append(
            CatalogueProblem(
                key, f"is {quoting.value(node.value)}, which cannot be read: {said}; write texts in quotes"
            )
        )
        return None
    if isinstance(value, str) and not _is_value(key) and not value.isprintable():
        found_code = _UNSEEN.search(value)
        if found_code is not None:
            code = quoting.printable_code(found_code[0])
            problems.append(
                CatalogueProblem(key, f"is {quoting.value(value)}, which holds {code}, an invisible character")
            )
    if not isinstance(value, yaml12.Timestamp):
        return value
    found = yaml12.parts_of_time(value) if key[-1:] == ("expires",) and not _is_value(key) else None
    return str(value) if found is None or ":" in value else date(*found[0][:3])


def _problem(error: Any) -> CatalogueProblem:
    """pydantic's error in words for those who write catalogues."""
    key = _key(error["loc"])
    kind, given, last = error["type"], quoting.value(error.get("input")), str(error["loc"][-1])
    if kind == "extra_forbidden" and key == ("access", "roles"):
        text = "are of Flagsmith's Enterprise edition, whose API the open-source one lacks: give groups their roles"
        return CatalogueProblem(key, text)
    if kind == "extra_forbidden":
        return CatalogueProblem(key, "is no key that is known here: remove it, or correct its name")
    if kind == "missing":
        return CatalogueProblem(key[:-1], f"lacks the key {last!r}", lacks=last)
    if kind == "greater_than_equal":
        return CatalogueProblem(key, f"is {given}: must be at least {error['ctx']['ge']:g}")
    if kind == "less_than_equal":
        return CatalogueProblem(key, f"is {given}: must be at most {error['ctx']['le']:g}")
    if kind == "string_pattern_mismatch":
        return CatalogueProblem(
            key, f"is {given}: must be a Kubernetes name, of small letters, digits and -, at most 63"
        )
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


def _distinct(problems: list[CatalogueProblem]) -> list[CatalogueProblem]:
    """One problem for each key: a value that may be of several types is refused once for each of them."""
    found: dict[tuple[Key, str], CatalogueProblem] = {}
    for problem in problems:
        found.setdefault((problem.key, problem.lacks), problem)
    return list(found.values())


def _key(place: tuple[str | int, ...]) -> Key:
    """A place without what pydantic adds to it: the members of a union behind a value, its functions' names, tags."""
    place = tuple(part for part in place if not _is_function(part))
    for number in range(3, len(place)):
        if place[number - 1] == "value":
            return place[:number]
    return place


def _is_function(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith("function-") and part.endswith("]")


_CONTAINERS = frozenset(["model_type", "mapping_type", "dict_type"])
_ALLOWED = {
    "operator": ", ".join(Operator),
    "kind": ", ".join(FlagKind),
    "role": ", ".join(Role),
    "names": ", ".join(NameStyle),
    "state": ", ".join(StateOwner),
}
_WORDS = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text: write it in quotes",
    "tuple_type": "must be a list",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping of keys",
    "string_too_short": "must not be empty",
    "date_type": "must be a date such as 2027-06-30, without quotes",
}
