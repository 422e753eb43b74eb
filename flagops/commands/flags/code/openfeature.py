"""The flags as a manifest of the OpenFeature CLI, which makes typed clients of it for many languages."""

import json
from typing import Any

from flagops.commands.flags.catalogue.model import Catalogue, Flag, Value
from flagops.errors import BadInputError

SCHEMA = "https://raw.githubusercontent.com/open-feature/cli/refs/heads/main/schema/v0/flag-manifest.json"


def manifest(catalogue: Catalogue) -> str:
    """The manifest's text, in the order of the catalogue."""
    flags = {name: _entry(name, flag) for name, flag in catalogue.flags.items()}
    return json.dumps({"$schema": SCHEMA, "flags": flags}, indent=2, ensure_ascii=False) + "\n"


def _entry(name: str, flag: Flag) -> dict[str, Any]:
    # What has no value of its own is asked for its state only.
    value = flag.variations[0].value if flag.variations else flag.value
    default = flag.enabled if value is None else value
    try:
        json.dumps(default, allow_nan=False)
    except (TypeError, ValueError):
        text = f"flags.{name}: holds {default}, which JSON cannot say"
        raise BadInputError(text, hint="Write it in quotes, as text.") from None
    return {"flagType": _type(default), "defaultValue": default, "description": flag.description}


def _type(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "string" if isinstance(value, str) else "object"
