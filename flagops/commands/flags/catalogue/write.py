"""Writes a catalogue's content as people would."""

import io
import re
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from components.text import yaml12

WIDTH = 120
SHORT = 100  # characters, up to which a mapping of plain values is written in one line
HEAD = "# yaml-language-server: $schema=./catalogue.schema.json\n"


def text_of(content: dict[str, Any]) -> str:
    """The file's text: short mappings below lists in one line, an empty line between flags."""
    writer = YAML()
    writer.width = WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    writer.dump(_node(content, depth=0), stream)
    return HEAD + _spaced(stream.getvalue())


def _spaced(text: str) -> str:
    """The text with an empty line before each section and, in that of the flags, before each flag but the first."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        is_section = re.match(r"\w", line) and line.endswith(":")
        is_flag = section == "flags:" and re.match(r"  \w", line) and lines[-1] != section
        if is_section or is_flag:
            lines.append("")
        section = line if re.match(r"\w", line) else section
        lines.append(line)
    return "\n".join(lines) + "\n"


def _node(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        node = CommentedMap((key, _node(item, depth + 1)) for key, item in value.items())
        if depth > 2 and len(str(value)) < SHORT and not any(isinstance(item, list) for item in value.values()):
            node.fa.set_flow_style()
        return node
    if isinstance(value, list | tuple):
        items = CommentedSeq(_node(item, depth + 1) for item in value)
        if all(not isinstance(item, dict | list) for item in value):
            items.fa.set_flow_style()
        return items
    if isinstance(value, str) and _is_ambiguous(value):
        return DoubleQuotedScalarString(value)
    return value


def _is_ambiguous(text: str) -> bool:
    """Whether a text would be read as something else, here or where YAML 1.1 is read, for which `on` and `1:30` are
    none; and whether it has signs that end a line."""
    loader: Any = yaml.SafeLoader("")
    kind = loader.resolve(yaml.ScalarNode, text, (True, False))
    is_text_here = type(yaml12.plain(text)) is str
    return kind != yaml12.STR or not is_text_here or any(sign in text for sign in "\x85\u2028\u2029")
