"""Changes a catalogue's file: comments, order and layout stay, and what it then says is read before it is written."""

import difflib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.text import bounds
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.model import Catalogue

WIDTH = 10_000  # so that no line is broken that was not
INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4))
"""How lists are indented: of mappings, of sequences, and the dash's offset in these."""


@dataclass(frozen=True)
class CatalogueEdit:
    """What changes in the file.

    Attributes:
        flags: The flags, and segments, that are something else then.
        text: The file's content then.
        diff: The difference, as git shows it.
        is_laid_out_anew: Whether lines change that say the same: the file's layout is none that can be kept.
    """

    flags: tuple[str, ...]
    text: str
    diff: str
    is_laid_out_anew: bool = False


def edit(
    path: Path, change: Callable[[Any], list[str]], judge: Callable[[list[str], Catalogue], list[str]]
) -> CatalogueEdit:
    """The file as it is after a change. Nothing is written.

    Args:
        path: The catalogue.
        change: Changes what was read of it, and answers what it changed.
        judge: Gets that, and what the file says then; answers what is another thing then, or raises OpsError.
    """
    raw = bounds.text_of(path)
    line_end = "\r\n" if "\r\n" in raw else "\n"
    before = raw.replace("\r\n", "\n")
    with bounds.without_collecting():
        yaml, content, is_kept = _layout_of(before)
    changed = change(content)
    if not changed:
        return CatalogueEdit((), raw, "")
    with bounds.without_collecting():
        after = _dumped(yaml, content)
    changed = judge(changed, parse(after, path)[0])
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="")
    text = after.replace("\n", line_end)
    return CatalogueEdit(tuple(changed), text, "\n".join(lines), is_laid_out_anew=not is_kept)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names that mean something else after an edit, in the order of the file: an alias or `<<` may bring more
    along than was meant."""
    return [name for name, item in before.items() if after.get(name) != item]


def _layout_of(text: str) -> tuple[YAML, Any, bool]:
    """What reads the text, what it read, and whether it writes it back as it was, which one of the INDENTS does."""
    for braces in (True, False):
        for indent in INDENTS:
            made = _with(indent, braces=braces)
            content = made.load(text)
            if _dumped(made, content) == text:
                return made, content, True
    made = _with(INDENTS[0])
    return made, made.load(text), False


def _with(indent: tuple[int, int, int], *, braces: bool = True) -> YAML:
    """A reader and writer; with `braces`, `[{to: 100}]` is not written as `[to: 100]`, which says the same."""
    made = YAML()
    made.brace_single_entry_mapping_in_flow_sequence = braces
    made.preserve_quotes = True
    made.width = WIDTH
    mapping, sequence, offset = indent
    made.indent(mapping=mapping, sequence=sequence, offset=offset)
    return made


def _dumped(yaml: YAML, content: Any) -> str:
    """The text of what was read, as it is now."""
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
