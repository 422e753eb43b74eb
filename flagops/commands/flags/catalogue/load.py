"""Reads a catalogue from YAML, and knows at which line and column each key is."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.text import bounds, quoting, yaml12, yaml_exact
from flagops.commands.flags.catalogue.form import distinct, problem_of
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import (
    CatalogueError,
    CatalogueFinding,
    CatalogueProblem,
    FileLine,
    Key,
    dotted,
)
from flagops.errors import NotFoundError, OpsError
from flagops.files import reading
from flagops.project import NAME_IT, root_or_none

DEEPEST = 40  # levels
Mark = tuple[int, int]
"""A line and a column, both counted from 1."""
_UNSEEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True)
class CatalogueFile:
    """A catalogue's file, with the line and the column of each key."""

    path: Path
    marks: dict[Key, Mark]

    def place(self, key: Key) -> FileLine:
        """Where a key is; where the nearest one above it is, for one that is missing."""
        while key and key not in self.marks:
            key = key[:-1]
        return FileLine(self.path, *self.marks.get(key, (1, 1)))

    def line(self, problem: CatalogueProblem) -> str:
        """One line for people: file, line, column, key, what is wrong."""
        where = dotted(problem.key)
        return f"{self.place(problem.key)}: {f'{where}: ' if where else ''}{problem.text}"

    def finding(self, problem: CatalogueProblem) -> CatalogueFinding:
        """The same for programs."""
        place = self.place(problem.key)
        where = dotted(problem.key)
        return CatalogueFinding(str(place.path), place.line, place.column, where, problem.text, problem.is_warning)


def load(path: Path) -> tuple[Catalogue, CatalogueFile]:
    """The catalogue in a file. Raises CatalogueError with all that is wrong with it."""
    with reading(path):
        try:
            text = bounds.text_of(path)
        except FileNotFoundError:
            raise _absent(path) from None
    return parse(text, path)


def _absent(path: Path) -> NotFoundError:
    hint = "Name another one, such as flags/catalogue.yaml; without a name, that of the project is taken."
    # Of an FF_PROJECT that is none nothing is said here: a file was named, and that is what is missing.
    with suppress(OpsError):
        if root_or_none() is None:
            hint = (
                "There is no project here, whose catalogue would be taken. Name a file; or go to the project, or "
                f"{NAME_IT}"
            )
    return NotFoundError(f"There is no catalogue at {path}.", hint=hint)


def parse(text: str, path: Path) -> tuple[Catalogue, CatalogueFile]:
    """The catalogue in a text, which is or will be in the file `path`. Raises CatalogueError as `load` does."""
    with bounds.without_collecting():
        return _parse(text, path)


def _parse(text: str, path: Path) -> tuple[Catalogue, CatalogueFile]:
    try:
        node = yaml12.compose(text)
    except yaml12.YamlError as error:
        place, said = FileLine(path, error.line, error.column), f"this is not valid YAML: {error.said}"
        finding = CatalogueFinding(str(path), error.line, error.column, "", said)
        raise CatalogueError(f"{place}: {said}", findings=[finding]) from None
    problems: list[CatalogueProblem] = []
    marks: dict[Key, Mark] = {}
    content = _read(node, (), marks, problems) if node is not None else None
    source = CatalogueFile(path, marks)
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
    lines = quoting.few([source.line(problem) for problem in ordered])
    return CatalogueError("\n".join(lines), ordered, map(source.finding, ordered))


def read_back(text: str, key: Key) -> Any:
    """What stands at a key of a catalogue in a text of YAML; None for what no catalogue can have there."""
    try:
        node = yaml12.compose(text)
    except yaml12.YamlError:
        return None
    problems: list[CatalogueProblem] = []
    found = None if node is None else _read(node, key, {}, problems)
    return None if problems else found


def _read(node: yaml.Node, key: Key, marks: dict[Key, Mark], problems: list[CatalogueProblem]) -> Any:
    """The plain value of a node; every key's place is noted, and a key given twice is a problem."""
    marks.setdefault(key, _mark(node))
    if len(key) > DEEPEST:
        problems.append(CatalogueProblem(key[:3], f"goes more than {DEEPEST} levels deep"))
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*key, number), marks, problems) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node, key, problems)
    merged: dict[str, Any] = {}
    for name_node, value_node in node.value:
        if _is_merge(name_node):
            merged = _merged(value_node, key, marks, problems) | merged
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
            first, _ = marks[place]
            problems.append(CatalogueProblem((*key, name), f"is given twice, first at line {first}: remove one"))
        for below in [each for each in marks if each[: len(place)] == place] if name in merged else ():
            del marks[below]
        marks[place] = _mark(name_node)
        found[name] = _read(value_node, place, marks, problems)
    return merged | found


def _mark(node: yaml.Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and yaml12.is_plain(node)


def _merged(node: yaml.Node, key: Key, marks: dict[Key, Mark], problems: list[CatalogueProblem]) -> dict[str, Any]:
    """What `<<` takes over from another mapping, or from several, of which the first one counts."""
    found: dict[str, Any] = {}
    for item in reversed(node.value if isinstance(node, yaml.SequenceNode) else [node]):
        if isinstance(item, yaml.MappingNode):
            found |= _read(item, key, marks, problems)
        else:
            marks[(*key, "<<")] = _mark(node)
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
