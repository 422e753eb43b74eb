"""Reads a catalogue from YAML, and knows at which line each key is."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.text import bounds, quoting, yaml12, yaml_exact
from flagops.commands.flags.catalogue.form import distinct, problem_of
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import CatalogueError, CatalogueProblem, FileLine, Key, dotted
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
        raise refused(source, distinct([problem_of(item) for item in error.errors()])) from None


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
