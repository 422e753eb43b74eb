"""Changes a setting in a stack's file, and leaves comments and everything else as they are."""

import json
import re
from collections.abc import Mapping, Sequence

from components.text import bounds
from flagops.errors import OpsError, UnsupportedError
from flagops.stacks.files import Stack, load_stack

INDENT = "  "


def set_settings(stack: Stack, values: Mapping[str, str], *, without: Sequence[str] = ()) -> None:
    """Set top-level settings such as `version`, or one level down such as `postgres.version`.

    A map is given as JSON, as `json.dumps` writes it. What `without` names, one level down, is taken out.

    Raises OpsError, and changes nothing, when the file is written in a way that this does not understand.
    """
    before = bounds.text_of(stack.path, bounds.STACK_BYTES).replace("\r\n", "\n")
    text = before
    for key, value in values.items():
        text = _set(text, stack, key, value)
    for key in without:
        text = _without(text, stack, key)
    stack.path.write_text(text, encoding="utf-8")
    if not _took(stack, values, without):
        stack.path.write_text(before, encoding="utf-8")
        stated = ", ".join(f"{stack.project}:{key} to {value}" for key, value in values.items())
        gone = ", ".join(f"{stack.project}:{key}" for key in without)
        wanted = [text for text in (stated and f"set {stated}", gone and f"remove {gone}") if text]
        hint = f"{', '.join(wanted)}, then run this again."
        raise UnsupportedError(
            f"{stack.path.name} could not be changed automatically.", hint=f"{hint[:1].upper()}{hint[1:]}"
        )


def _set(text: str, stack: Stack, key: str, value: str) -> str:
    section, _, name = key.rpartition(".")
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


def _took(stack: Stack, values: Mapping[str, str], without: Sequence[str]) -> bool:
    try:
        config = load_stack(stack.name, stack.path.parent).config
    except OpsError:
        return False
    for key in without:
        section, _, name = key.rpartition(".")
        left = config.get(f"{stack.project}:{section}")
        if isinstance(left, dict) and name in left:
            return False
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        found: object = config.get(f"{stack.project}:{section or name}")
        if section:
            found = found.get(name) if isinstance(found, dict) else None
        if str(found) != value and not (isinstance(found, dict) and json.dumps(found) == value):
            return False
    return True
