"""What a text in YAML may not be, whoever reads it: too deep, too much, with characters that are none.

A text is looked through before anything is made of it. libyaml finds its parts one by one, so that this takes little
memory; what aliases repeat is counted afterwards, since a few lines can stand for more than any machine holds.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from components.text import quoting
from components.text.bounds import DEEPEST, MOST_VALUES
from components.text.could_be_secret import could_be_secret

_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEY: Final = re.compile(
    r"""[ \t]*(?:[-?:][ \t]+)*"""
    r"""("[^"\\]{1,200}"|'[^']{1,200}'|[^\s'"\[\]{},:#&*!|>%@`-](?:[^:\n]|:(?=\S)){0,200}):(?:\s|$)"""
)
_STARTS: Final = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS: Final = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_CLEARER: Final = {
    "found invalid Unicode character escape code": "{0} is no character: half of a pair of surrogates, or above "
    "\\U0010ffff; write the character itself",
    "found unknown escape character": "{0} is no escape that YAML knows; in double quotes, write \\\\ for a \\",
}
_ESCAPE: Final = {
    "found invalid Unicode character escape code": re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\U[0-9a-fA-F]{8}"),
    "found unknown escape character": re.compile(r"\\[^0abt\tnvfre \"/\\N_LPxuU]"),
}
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)
_MOST_DIRECTIVES: Final = 100
"""libyaml compares each of them with each other one."""


_QUOTED: Final = re.compile(r"(?P<quote>['\"])(?P<text>.*?)(?P=quote)", re.DOTALL)


class YamlError(Exception):
    """A text that cannot be read.

    Attributes:
        line: where, counted from 1.
        column: where in the line, counted from 1.
        said: what is wrong; it may quote the text, but for what could be a secret.
    """

    def __init__(self, line: int, said: str, column: int) -> None:
        said = _QUOTED.sub(lambda found: "'…'" if could_be_secret(found["text"]) else found[0], said)
        super().__init__(f"line {line}: {said}")
        self.line, self.column = line, column
        self.said = said


def error_at(mark: Any, said: str) -> YamlError:
    """What is wrong at a place that libyaml names."""
    return YamlError(mark.line + 1, said, mark.column + 1)


def look_through(text: str, parser: Any) -> bool:
    """Whether a text has aliases; `parser` gives its events. Raises YamlError for what is beyond the bounds."""
    found = _NO_CHARACTER.search(text)
    if found is not None:
        line, code = text.count("\n", 0, found.start()), quoting.printable_code(found[0])
        column = found.start() - text.rfind("\n", 0, found.start())
        raise YamlError(line + 1, f"{at(text, line)}{code} is a character that YAML does not allow", column)
    directives = [item.start() for item in _DIRECTIVE.finditer(text)]
    if len(directives) > _MOST_DIRECTIVES:
        line = text.count("\n", 0, directives[_MOST_DIRECTIVES])
        raise YamlError(line + 1, f"more than {_MOST_DIRECTIVES} lines begin with %, as directives do", 1)
    try:
        return _within(text, parser)
    except yaml.YAMLError as error:
        raise _clear(text, error) from None


def _within(text: str, parser: Any) -> bool:
    depth = values = 0
    has_aliases = False
    while parser.check_event():
        event = parser.get_event()
        kind = type(event)
        if kind is yaml.ScalarEvent:
            values += 1
            if "\0" in event.value:
                line = event.start_mark.line
                said = f"{at(text, line)}{quoting.value(event.value)} holds \\x00, which is no text"
                raise error_at(event.start_mark, said)
        elif kind in _STARTS:
            values += 1
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line
                raise error_at(event.start_mark, f"{at(text, line)}goes more than {DEEPEST} levels deep")
        elif kind in _ENDS:
            depth -= 1
        elif kind is yaml.AliasEvent:
            has_aliases = True
        if values > MOST_VALUES:
            said = f"{at(text, event.start_mark.line)}is past {MOST_VALUES:,} values, which is the most that is read"
            raise error_at(event.start_mark, said)
    return has_aliases


def _clear(text: str, error: yaml.YAMLError) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "a character that YAML does not allow"
    if mark is None:
        return YamlError(1, said, 1)
    if said in _CLEARER:
        escape = _ESCAPE[said].search(_line(text, mark.line))
        said = at(text, mark.line) + _CLEARER[said].format(quoting.short(escape[0]) if escape else "an escape")
    return error_at(mark, said)


def count_repeated(node: yaml.Node) -> None:
    """Raise YamlError when aliases name what they are in, or repeat so much that it is past the bounds."""
    _Repeated().look_at(node)


class _Repeated:
    """Counts values and levels below each node, as if each alias were what it names; each node is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def look_at(self, node: yaml.Node) -> tuple[int, int]:
        if isinstance(node, yaml.ScalarNode):
            return 1, 0
        if id(node) in self._open:
            raise error_at(node.start_mark, "an alias names what it is in")
        if id(node) not in self._known:
            self._open.add(id(node))
            self._known[id(node)] = self._below(node)
            self._open.remove(id(node))
        return self._known[id(node)]

    def _below(self, node: yaml.Node) -> tuple[int, int]:
        count, levels = 1, 0
        for key, item in _items(node):
            more, below = self.look_at(item)
            count, levels = count + more, max(levels, below)
            place = f"{quoting.key(key.value)}: " if isinstance(key, yaml.ScalarNode) else ""
            if count > MOST_VALUES:
                said = f"with what aliases repeat, these are more than {MOST_VALUES:,} values, the most that is read"
                raise error_at(item.start_mark, f"{place}{said}")
            if levels >= DEEPEST:
                said = f"with what aliases repeat, this goes more than {DEEPEST} levels deep"
                raise error_at(item.start_mark, f"{place}{said}")
        return count, levels + 1


def _items(node: yaml.Node) -> Iterator[tuple[yaml.Node | None, yaml.Node]]:
    """What is in a node, with its key; keys too, which can hold something as well."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield None, key
            yield key, value
    else:
        for item in node.value:
            yield None, item


def at(text: str, line: int) -> str:
    """The key that begins in a line (counted from 0), for before what is said of it; empty for none."""
    found = _KEY.match(_line(text, line))
    return f"{quoting.key(found[1])}: " if found else ""


def _line(text: str, line: int) -> str:
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
        if start == 0:
            return ""
    end = text.find("\n", start)
    return text[start : min(end if end >= 0 else len(text), start + 2000)]
