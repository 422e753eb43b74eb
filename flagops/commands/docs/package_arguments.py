"""The generated arguments of the Pulumi package: the settings' model as the types that Pulumi's analyser reads.

It knows simple types, lists, maps, enumerations and TypedDicts; of pydantic's models, of `Literal` and of unions it
knows nothing.
"""

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from components.settings import Settings
from components.settings.schema import model_of, unwrap
from flagops.commands.docs.configuration_page import SettingRow, entries

PAGE = "components/package/arguments.py"
ROOT: Final = "Arguments"

_HEAD = '''\
"""The arguments of the package's component: every setting, as docs/configuration.md describes it.

Written by `ff docs` from the settings' model: change that, not this file.
"""

from enum import Enum
from typing import NotRequired, TypedDict
'''


def package_arguments() -> str:
    """Return the module `components/package/arguments.py`."""
    written: dict[str, _Type] = {}
    _write(Settings, written)
    return "\n\n".join([_HEAD, *(item.text for item in written.values())])


@dataclass(frozen=True)
class _Type:
    """The text of a class, and what it was made of."""

    source: object
    text: str


def enumeration_name(model: type[BaseModel], name: str) -> str:
    """What the enumeration of a field's values is called, such as `PostgresMode`."""
    words = "" if model is Settings else model.__name__.removesuffix("Settings")
    return words + "".join(part.capitalize() for part in name.split("_"))


def _write(model: type[BaseModel], written: dict[str, _Type]) -> None:
    """Add the class of a section, after those that it needs, if it is not there yet."""
    if _is_there(_class_name(model), model, written):
        return
    rows = {row.key.removesuffix("[]").removesuffix(".*"): row for row in entries(model)}
    lines = [f"class {_class_name(model)}(TypedDict):", f'    """{_summary(model)}"""', ""]
    for name, field in model.model_fields.items():
        section = model_of(field.annotation)
        if section is not None:
            _write(section, written)
        row = rows[str(field.alias)]
        values = get_args(unwrap(field.annotation)) if get_origin(unwrap(field.annotation)) is Literal else ()
        kind = enumeration_name(model, name) if values else _type(field.annotation)
        if values and not _is_there(kind, (model, name), written):
            written[kind] = _Type((model, name), _enumeration(kind, values, row))
        kind = kind if field.is_required() else f"NotRequired[{kind}]"
        lines += [f"    {_snake(str(field.alias))}: {kind}", f'    """{_meaning(field, row)}"""']
    written[_class_name(model)] = _Type(model, "\n".join([*lines, ""]))


def _snake(key: str) -> str:
    """The name that the analyser makes the key of, in its camel case."""
    name = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key)
    return f"{name}_" if keyword.iskeyword(name) else name


def _is_there(name: str, source: object, written: dict[str, _Type]) -> bool:
    """Whether the type is written. ValueError if another is: all types of a package are in one module."""
    known = written.get(name)
    if known is not None and known.source != source:
        raise ValueError(f"Two types of the package would be called {name}: rename one of the sections.")
    return known is not None


def _class_name(model: type[BaseModel]) -> str:
    return ROOT if model is Settings else model.__name__


def _summary(model: type[BaseModel]) -> str:
    return "Every setting." if model is Settings else (model.__doc__ or "").strip().split("\n\n")[0]


def _enumeration(name: str, values: tuple[str, ...], row: SettingRow) -> str:
    members = [f'    {re.sub(r"[^A-Za-z0-9]", "_", value).upper()} = "{value}"' for value in values]
    return "\n".join([f"class {name}(Enum):", f'    """{row.meaning}"""', "", *members, ""])


def _type(annotation: Any) -> str:
    plain = unwrap(annotation)
    section = model_of(plain)
    inner = [part for part in get_args(plain) if part is not Ellipsis]
    if get_origin(plain) is tuple:
        return f"list[{_type(inner[0])}]"
    if get_origin(plain) is dict:
        return f"dict[str, {_type(inner[1])}]"
    return _class_name(section) if section is not None else str(plain.__name__)


def _meaning(field: FieldInfo, row: SettingRow) -> str:
    """What the page of the settings says, in one text."""
    bounds = "; ".join(_bounds(field, row))
    return f"{row.meaning} ({bounds})" if bounds else row.meaning


def _bounds(field: FieldInfo, row: SettingRow) -> Iterator[str]:
    if model_of(field.annotation) is None:
        yield row.kind
    if row.default and not field.is_required():
        yield f"default {row.default}"
