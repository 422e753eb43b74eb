"""Changes a setting in a stack's file, and leaves comments and everything else as they are."""

import json
import re
from collections.abc import Mapping

from components.text import bounds
from flagops.errors import OpsError, UnsupportedError
from flagops.stacks.files import Stack, load_stack

INDENT = "  "


def set_settings(stack: Stack, values: Mapping[str, str]) -> None:
    """Set top-level settings such as `version`, or one level down such as `postgres.version`.

    A map is given as JSON, as `json.dumps` writes it.

    Raises OpsError, and changes nothing, when the file is written in a way that this does not understand.
    """
    before = bounds.text_of(stack.path, bounds.STACK_BYTES).replace("\r\n", "\n")
    text = before
    for key, value in values.items():
        text = _set(text, stack, key, value)
    stack.path.write_text(text, encoding="utf-8")
    if not _took(stack, values):
        stack.path.write_text(before, encoding="utf-8")
        wanted = ", ".join(f"{stack.project}:{key} to {value}" for key, value in values.items())
        raise UnsupportedError(
            f"{stack.path.name} could not be changed automatically.", hint=f"Set {wanted}, then run this again."
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


def _set_in(text: str, stack: Stack, section: str, name: str, value: str) -> str:
    line = f"{INDENT * 2}{name}: {value}"
    head = re.compile(rf"^{INDENT}(?:{re.escape(stack.project)}:)?{re.escape(section)}:[ ]*$\n", re.MULTILINE)
    found = head.search(text)
    if found is None:
        block = f"{INDENT}{stack.project}:{section}:\n{line}\n"
        return re.sub(r"^config:[^\n]*\n", lambda first: f"{first[0]}{block}", text, count=1, flags=re.MULTILINE)
    body = re.compile(rf"(?:^{INDENT * 2}.*\n|^\s*\n)*", re.MULTILINE).match(text, found.end())
    inside = body[0] if body else ""
    # With the lines below it: a map that people write as the program's messages show it.
    own = re.compile(rf"^{INDENT * 2}{re.escape(name)}:.*$(?:\n{INDENT * 3}.*$)*", re.MULTILINE)
    changed = own.sub(lambda _: line, inside, count=1) if own.search(inside) else f"{line}\n{inside}"
    return text[: found.end()] + changed + text[found.end() + len(inside) :]


def _took(stack: Stack, values: Mapping[str, str]) -> bool:
    try:
        config = load_stack(stack.name, stack.path.parent).config
    except OpsError:
        return False
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        found: object = config.get(f"{stack.project}:{section or name}")
        if section:
            found = found.get(name) if isinstance(found, dict) else None
        if str(found) != value and not (isinstance(found, dict) and json.dumps(found) == value):
            return False
    return True
