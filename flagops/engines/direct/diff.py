"""The difference between two objects as the server holds them, field by field, fit to be shown."""

import json
from collections.abc import Iterator
from typing import Any

from flagops.engines.direct.results import FieldChange
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest

SERVER_METADATA = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
SECRET_CHANGED = "<secret, changed>"  # noqa: S105 - what is shown instead of one


def field_changes(live: Manifest, wanted: Manifest, mask: Masker) -> tuple[FieldChange, ...]:
    """The fields in which two server-side objects differ, sorted by path; a Secret's values are never shown."""
    changes = []
    for path, old, new in sorted(_differences(_essence(live), _essence(wanted), ""), key=lambda change: change[0]):
        is_secret_data = wanted["kind"] == "Secret" and path.partition(".")[0] in {"data", "stringData"}
        if is_secret_data:
            shown = tuple(None if value is None else SECRET_CHANGED for value in (old, new))
        else:
            shown = tuple(None if value is None else mask(_text(value)) for value in (old, new))
        changes.append(FieldChange(path, *shown))
    return tuple(changes)


def _essence(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in SERVER_METADATA}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    old_parts, new_parts = _parts(old), _parts(new)
    if old_parts is None or new_parts is None or type(old) is not type(new):
        yield path, old, new
        return
    for key in sorted(old_parts.keys() | new_parts.keys()):
        yield from _differences(old_parts.get(key), new_parts.get(key), f"{path}.{key}".lstrip("."))


def _parts(value: Any) -> dict[str, Any] | None:
    """A mapping's or list's items by name: a list of named things (containers, variables) by their names."""
    if isinstance(value, dict):
        return {_key(key): item for key, item in value.items()}
    if not isinstance(value, list):
        return None
    names = [item.get("name") for item in value if isinstance(item, dict)]
    if value and len(names) == len(value) and all(names) and len(set(names)) == len(names):
        return {f"[{name}]": item for name, item in zip(names, value, strict=True)}
    return {f"[{index:03}]": item for index, item in enumerate(value)}


def _key(key: str) -> str:
    return f'["{key}"]' if "." in key else key


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
