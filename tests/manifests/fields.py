"""The fields in which two manifests differ, by their paths."""

from collections.abc import Iterator
from typing import Any

import yaml


def fields(old: str, new: str) -> list[str]:
    """The paths that are not the same in two manifests; in lists of named things, by their names.

    Nothing, where only the writing differs, such as a comment.
    """
    return list(dict.fromkeys(_fields(_parsed(old), _parsed(new), "")))


def _fields(old: Any, new: Any, path: str) -> Iterator[str]:
    if old == new:
        return
    before, after = _by_name(old), _by_name(new)
    if before is None or after is None:
        yield path
        return
    for name in sorted({*before, *after}):
        here = f"{path}.{name}" if path else name
        if name in before and name in after:
            yield from _fields(before[name], after[name], here)
        else:
            yield here
    # What is left is only in another order.
    if before == after:
        yield f"{path} (order)"


def _by_name(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list whose entries all have a name of their own, as a mapping."""
    if isinstance(value, dict):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(item, dict) and "name" in item for item in value):
        found = {str(item["name"]): item for item in value}
        return found if len(found) == len(value) else None
    return None


def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)
