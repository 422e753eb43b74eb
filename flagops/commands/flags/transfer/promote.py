"""Gives one environment of a catalogue what another one has, in the file itself: for a pull request."""

import difflib
import io
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.text import bounds
from flagops.commands.flags.catalogue.load import parse
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.errors import BadInputError, NotFoundError

WIDTH = 10_000  # so that no line is broken that was not
INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4))
"""How lists are indented: of mappings, of sequences, and the dash's offset in these."""


@dataclass(frozen=True)
class Promotion:
    """What promoting changes.

    Attributes:
        flags: The flags that are something else in the target then.
        text: The file's content then.
        diff: The difference, as git shows it.
        is_laid_out_anew: Whether lines change that say the same: the file's layout is none that can be kept.
    """

    flags: tuple[str, ...]
    text: str
    diff: str
    is_laid_out_anew: bool = False


def promote(path: Path, declared: Catalogue, source: str, target: str, only: Collection[str] = ()) -> Promotion:
    """The file with the target's states, values, weights, rollouts and targeting as the source's.

    What is said for all environments stays; comments and order stay.

    Args:
        path: The catalogue.
        declared: Its content.
        source: The environment to take from.
        target: The environment to change.
        only: The flags to promote; all, if empty.

    Raises:
        OpsError: An environment or a flag is unknown, or the file says the same thing for a flag that is not promoted.
    """
    for name in (source, target):
        if name not in declared.environments:
            known = ", ".join(declared.environments)
            raise NotFoundError(f"{path} has no environment {name!r}; there are: {known}.")
    if source == target:
        raise BadInputError(f"{source!r} is given twice: name two environments.")
    for name in only:
        if name not in declared.flags:
            raise NotFoundError(f"{path} has no flag {name!r}.")
    raw = bounds.text_of(path)
    line_end = "\r\n" if "\r\n" in raw else "\n"
    before = raw.replace("\r\n", "\n")
    with bounds.without_collecting():
        yaml, content, is_kept = layout_of(before)
    changed = [name for name in declared.flags if (not only or name in only) and _copy(content, name, source, target)]
    with bounds.without_collecting():
        after = dumped(yaml, content) if changed else before
    now = parse(after, path)[0].flags
    changed = [name for name, flag in declared.flags.items() if name in changed or now[name] != flag]
    _require_alone(changed, only)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="")
    text = after.replace("\n", line_end)
    return Promotion(tuple(changed), text, "\n".join(lines), is_laid_out_anew=bool(changed) and not is_kept)


def _require_alone(changed: Collection[str], only: Collection[str]) -> None:
    """Raise OpsError where the file says one thing for several flags, by `<<` or an alias, of which some stay."""
    wanted, shared = [[name for name in changed if (name in only) is which] for which in (True, False)]
    if only and shared:
        raise BadInputError(
            f"{', '.join(wanted)} cannot be promoted alone: the file says once what it is in its environments, for it "
            f"and for {', '.join(shared)}.",
            hint="Write `environments` out for each of these flags, without << and aliases; or promote all of them.",
        )


def _copy(content: Any, name: str, source: str, target: str) -> bool:
    """Copy what the flag is in one environment to another one; whether that changed anything."""
    flag = content["flags"].get(name)
    if flag is None:
        raise BadInputError(
            f"The flag {name!r} has a name that YAML takes for something else.", hint="Put it in quotes."
        )
    states = flag.get("environments") or {}
    wanted = states.get(source)
    if wanted == states.get(target) or (not wanted and not states.get(target)):
        return False
    if wanted:
        states[target] = deepcopy(wanted)
    else:
        del states[target]
        if not states:
            del flag["environments"]
    return True


def layout_of(text: str) -> tuple[YAML, Any, bool]:
    """What reads the text, what it read, and whether it writes it back as it was, which one of the INDENTS does."""
    for indent in INDENTS:
        made = _with(indent)
        content = made.load(text)
        if dumped(made, content) == text:
            return made, content, True
    made = _with(INDENTS[0])
    return made, made.load(text), False


def _with(indent: tuple[int, int, int]) -> YAML:
    made = YAML()
    made.preserve_quotes = True
    made.width = WIDTH
    mapping, sequence, offset = indent
    made.indent(mapping=mapping, sequence=sequence, offset=offset)
    return made


def dumped(yaml: YAML, content: Any) -> str:
    """The text of what was read, as it is now."""
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
