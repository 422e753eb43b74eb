"""A typed TypeScript module of the catalogue's flags, for services and pages; it needs no package."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagops.commands.flags.catalogue.model import Catalogue, Flag, Value
from flagops.commands.flags.code.codegen import MARK, about, constant, require_constants, values_of
from flagops.errors import BadInputError

TEMPLATE = Path(__file__).with_name("module.ts.j2")
TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "number",
    str: "string",
    list: "readonly unknown[]",
    dict: "Readonly<Record<string, unknown>>",
    type(None): "null",
}


@dataclass(frozen=True)
class _TypedFlag:
    """A flag's part of the module, as source."""

    constant: str
    name: str
    types: str
    fields: Mapping[str, str]
    comment: tuple[str, ...]
    default: str


def module(catalogue: Catalogue) -> str:
    """The module's text; the same for the same catalogue."""
    # Only a template needs it.
    import jinja2

    require_constants(catalogue.flags)
    environment = jinja2.Environment(  # noqa: S701 - it makes TypeScript, no HTML
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        mark=MARK,
        heading=_comment([f"The flags of {catalogue.project}: their names, defaults and types."]),
        flags=[_entry(name, flag) for name, flag in catalogue.flags.items()],
    )


def _entry(name: str, flag: Flag) -> _TypedFlag:
    values = values_of(flag)
    try:
        fields = {
            "name": literal(name),
            "defaultEnabled": literal(flag.enabled),
            "defaultValue": literal(values[0]),
            "values": literal(values),
            "variations": literal({item.name: item.value for item in flag.variations}),
            "description": literal(flag.description),
            "owner": literal(flag.owner),
            "kind": literal(str(flag.kind)),
            "expires": literal(None if flag.expires is None else flag.expires.isoformat()),
        }
        served = {"enabled": flag.enabled, "value": _served(values[0])}
        return _TypedFlag(
            constant(name), fields["name"], _types(name, flag, values), fields, _comment(about(flag)), literal(served)
        )
    except (TypeError, ValueError) as error:
        text = f"flags.{name}: holds what JSON cannot say ({error})"
        raise BadInputError(text, hint="Write it in quotes, as text.") from None


def _types(name: str, flag: Flag, values: Iterable[Value]) -> str:
    """The types of its name, its values and its variations' names.

    Of an experiment the values are exactly those; of any other flag what kind of values it has.
    """
    simple = [value for value in values if flag.variations and isinstance(value, bool | int | str)]
    others = [value for value in values if value not in simple or not flag.variations]
    names = [literal(value) for value in simple]
    names += [name for kind, name in TYPES.items() if any(type(value) is kind for value in others)]
    variations = " | ".join(literal(item.name) for item in flag.variations) or "never"
    return f"{literal(name)}, {' | '.join(names)}, {variations}"


def _served(value: Value) -> Value:
    """A value as Flagsmith has it: of several parts its JSON text."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return value


def literal(value: Any) -> str:
    """A value as TypeScript source; what cannot be seen, by its number. Raises ValueError for what is not JSON."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # In an object's literal, this key would be its prototype.
    text = text.replace('"__proto__": ', '["__proto__"]: ')
    return "".join(letter if letter.isprintable() else _number(letter) for letter in text)


def _number(letter: str) -> str:
    code = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{code[place : place + 2].hex()}" for place in range(0, len(code), 2))


def _comment(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """Lines of a comment, which nothing in them ends."""
    lines = (" ".join(text.split()).replace("*/", "*\\/") for text in paragraphs)
    return tuple("".join(letter if letter.isprintable() else "?" for letter in line) for line in lines)
