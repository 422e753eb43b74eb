"""Changes a setting in a stack's file, and leaves comments and everything else as they are."""

import json
import re
from collections.abc import Mapping, Sequence

from components.text import bounds
from flagops.errors import BadInputError, OpsError, UnsupportedError
from flagops.files import replace_text
from flagops.stacks.files import Stack

INDENT = "  "


def set_settings(stack: Stack, values: Mapping[str, str], *, without: Sequence[str] = ()) -> None:
    """Set settings in the stack's file, and take others out, as `changed` says; in one step, or not at all."""
    write(stack, changed(stack, values, without=without))


def changed(stack: Stack, values: Mapping[str, str], *, without: Sequence[str] = ()) -> str:
    """The text of the stack's file with top-level settings such as `version`, or one or two levels down such as
    `postgres.version` and `postgres.cluster.version`, set; nothing is written.

    A map is given as JSON, as `json.dumps` writes it. What `without` names, one level down, is taken out.

    Raises OpsError when the file is written in a way that this does not understand.
    """
    text = bounds.text_of(stack.path, bounds.STACK_BYTES).replace("\r\n", "\n")
    for key, value in values.items():
        text = _set(text, stack, key, value)
    for key in without:
        text = _without(text, stack, key)
    if _took(stack, text, values, without):
        return text
    stated = ", ".join(f"{stack.project}:{key} to {value}" for key, value in values.items())
    gone = ", ".join(f"{stack.project}:{key}" for key in without)
    wanted = [text for text in (stated and f"set {stated}", gone and f"remove {gone}") if text]
    hint = f"{', '.join(wanted)}, then run this again."
    raise UnsupportedError(
        f"{stack.path.name} could not be changed automatically.", hint=f"{hint[:1].upper()}{hint[1:]}"
    )


def write(stack: Stack, text: str) -> None:
    """Write the file of a stack in one step: a run that is killed leaves the old one. Raises OpsError if it cannot."""
    try:
        replace_text(stack.path, text)
    except OSError as error:
        raise BadInputError(
            f"{stack.path} cannot be written: {error.strerror}.",
            hint="A file is made beside it, and takes its place: you need the right to write in its folder.",
        ) from None


def _set(text: str, stack: Stack, key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
    if "." in section:
        first, outer = section.split(".", 1)
        return _set_below(text, stack, (first, outer), name, value)
    if section:
        return _set_in(text, stack, section, name, value)
    line = f"{INDENT}{stack.project}:{name}: {value}"
    found = re.compile(rf"^{INDENT}(?:{re.escape(stack.project)}:)?{re.escape(name)}:.*$", re.MULTILINE)
    if found.search(text):
        return found.sub(lambda _: line, text, count=1)
    return re.sub(r"^config:[^\n]*\n", lambda head: f"{head[0]}{line}\n", text, count=1, flags=re.MULTILINE)


def _without(text: str, stack: Stack, key: str) -> str:
    section, _, name = key.rpartition(".")
    found = _head(stack, section).search(text)
    if found is None:
        return text
    inside = _body(text, found.end())
    changed = _own(name, ends="\n?").sub("", inside, count=1)
    rest = text[found.end() + len(inside) :]
    # A section in which nothing is left would be none of the settings' any more.
    if not changed.strip():
        return text[: found.start()] + changed + rest
    return text[: found.end()] + changed + rest


def _head(stack: Stack, section: str) -> re.Pattern[str]:
    return re.compile(rf"^{INDENT}(?:{re.escape(stack.project)}:)?{re.escape(section)}:[ ]*$\n", re.MULTILINE)


def _body(text: str, start: int) -> str:
    body = re.compile(rf"(?:^{INDENT * 2}.*\n|^\s*\n)*", re.MULTILINE).match(text, start)
    return body[0] if body else ""


def _own(name: str, *, ends: str = "") -> re.Pattern[str]:
    """A key's line, with the lines below it: a map that people write as the program's messages show it."""
    return re.compile(rf"^{INDENT * 2}{re.escape(name)}:.*$(?:\n{INDENT * 3}.*$)*{ends}", re.MULTILINE)


def _set_in(text: str, stack: Stack, section: str, name: str, value: str) -> str:
    line = f"{INDENT * 2}{name}: {value}"
    found = _head(stack, section).search(text)
    if found is None:
        block = f"{INDENT}{stack.project}:{section}:\n{line}\n"
        return re.sub(r"^config:[^\n]*\n", lambda first: f"{first[0]}{block}", text, count=1, flags=re.MULTILINE)
    inside = _body(text, found.end())
    own = _own(name)
    changed = own.sub(lambda _: line, inside, count=1) if own.search(inside) else f"{line}\n{inside}"
    return text[: found.end()] + changed + text[found.end() + len(inside) :]


def _set_below(text: str, stack: Stack, where: tuple[str, str], name: str, value: str) -> str:
    """Two levels down: in a line of its own where the map is written in lines, else in the whole map, as JSON."""
    section, outer = where
    found = _head(stack, section).search(text)
    inside = "" if found is None else _body(text, found.end())
    lines = re.compile(rf"^{INDENT * 2}{re.escape(outer)}:[ ]*$\n((?:^{INDENT * 3}.*\n|^\s*\n)*)", re.MULTILINE)
    block = lines.search(inside)
    if found is None or block is None:
        stated: object = stack.with_text(text).config.get(f"{stack.project}:{section}")
        before = (stated.get(outer) if isinstance(stated, dict) else None) or {}
        return _set_in(text, stack, section, outer, json.dumps({**before, name: value}))
    line = f"{INDENT * 3}{name}: {value}\n"
    own = re.compile(rf"^{INDENT * 3}{re.escape(name)}:.*$\n(?:^{INDENT * 4}.*\n)*", re.MULTILINE)
    body = block[1]
    changed = own.sub(lambda _: line, body, count=1) if own.search(body) else line + body
    start = found.end() + block.start(1)
    return text[:start] + changed + text[start + len(body) :]


def _took(stack: Stack, text: str, values: Mapping[str, str], without: Sequence[str]) -> bool:
    try:
        config = stack.with_text(text).config
    except OpsError:
        return False
    for key in without:
        section, _, name = key.rpartition(".")
        left = config.get(f"{stack.project}:{section}")
        if isinstance(left, dict) and name in left:
            return False
    for key, value in values.items():
        first, *further = key.split(".")
        found: object = config.get(f"{stack.project}:{first}")
        for name in further:
            found = found.get(name) if isinstance(found, dict) else None
        if str(found) != value and not (isinstance(found, dict) and json.dumps(found) == value):
            return False
    return True
