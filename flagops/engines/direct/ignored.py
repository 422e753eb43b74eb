"""Pulumi's `ignoreChanges`: fields that the program leaves to others once the object is there."""

import copy
from collections.abc import Sequence
from typing import Any

from flagops.kubernetes.client import FIELD_MANAGER
from flagops.kubernetes.objects import Manifest


def without_ignored(manifest: Manifest, ignored: Sequence[str], live: Manifest) -> Manifest:
    """The manifest to apply to `live`, by the rule of Pulumi's Kubernetes provider.

    An ignored field (`spec.replicas`) that somebody else owns is left out. One that nobody else owns is applied with
    the value it has, whatever the program says: left out, the server would set it back to its default.
    """
    result = copy.deepcopy(manifest)
    managers = [(entry["manager"], entry.get("fieldsV1", {})) for entry in live["metadata"].get("managedFields", ())]
    for path in ignored:
        keys = path.split(".")
        is_ours = any(_owns(fields, keys) for manager, fields in managers if manager == FIELD_MANAGER)
        is_theirs = any(_owns(fields, keys) for manager, fields in managers if manager != FIELD_MANAGER)
        found, value = _look_up(live, keys)
        if is_theirs and not is_ours:
            _drop(result, keys)
        elif found:
            _put(result, keys, value)
    return result


def _owns(fields: dict[str, Any], keys: Sequence[str]) -> bool:
    for key in keys:
        if f"f:{key}" not in fields:
            return False
        fields = fields[f"f:{key}"]
    return True


def _look_up(value: Any, keys: Sequence[str]) -> tuple[bool, Any]:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False, None
        value = value[key]
    return True, value


def _drop(manifest: Manifest, keys: Sequence[str]) -> None:
    found, parent = _look_up(manifest, keys[:-1])
    if found and isinstance(parent, dict):
        parent.pop(keys[-1], None)


def _put(manifest: Manifest, keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        manifest = manifest.setdefault(key, {})
    manifest[keys[-1]] = value
