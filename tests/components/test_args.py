"""What a component is given: the settings, or a whole section of them, and what no setting says."""

import dataclasses
import pkgutil
from collections.abc import Awaitable, Iterator, Sequence
from importlib import import_module
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import components
from components.settings import Settings
from components.settings.base import Section
from components.settings.sections.logs import AccessLog, LogsSettings
from tests.recording import ROOT

PLAIN = (str, int, float, bool)


def arguments() -> Iterator[type[Any]]:
    """Every class of arguments in the house."""
    found: dict[str, type[Any]] = {}
    for module in pkgutil.walk_packages([str(ROOT / "components")], "components."):
        if ".in_pod" in module.name or module.name.startswith("components.settings"):
            continue
        for name, item in vars(import_module(module.name)).items():
            if name.endswith("Args") and isinstance(item, type) and item.__module__.startswith(components.__name__):
                found[item.__qualname__] = item
    yield from found.values()


def parts(hint: Any) -> Iterator[Any]:
    """What a value may be: the types of a union, the items of a list. What only a deployment knows is none."""
    if get_origin(hint) in (Sequence, list, tuple):
        for member in get_args(hint):
            yield from parts(member)
    elif get_origin(hint) in (Union, UnionType):
        members = get_args(hint)
        if not any(get_origin(member) is Awaitable for member in members):
            for member in members:
                yield from parts(member)
    else:
        yield hint


def copies(hint: Any) -> bool:
    """Whether a field of this type can only be a setting's value, put there by hand."""
    if hint in PLAIN or get_origin(hint) is Literal:
        return True
    is_setting = isinstance(hint, type) and hint.__module__.startswith("components.settings")
    return is_setting and not issubclass(hint, Settings | Section)


def copied(cls: type[Any]) -> list[str]:
    """The fields of a class that only copy a setting."""
    return [field.name for field in dataclasses.fields(cls) if any(map(copies, parts(field.type)))]


WORKED_OUT = {"SdkKeysArgs": ["environments"]}
"""Those of the settings' environments that the last deployment lets the stack claim: not what a setting says."""


def test_no_field_only_copies_a_setting() -> None:
    found = {cls.__name__: fields for cls in arguments() if (fields := copied(cls))}
    assert found == WORKED_OUT, "hand the settings on, or their whole section"


def test_there_are_arguments_to_look_at_and_a_copy_is_found() -> None:
    names = {cls.__name__ for cls in arguments()}
    assert {"FeatureFlagsArgs", "PostgresArgs", "DatabaseClientArgs"} <= names

    fields: list[tuple[str, Any]] = [
        ("settings", Settings),
        ("version", str),
        ("storage", str | None),
        ("access", AccessLog),
        ("hosts", Sequence[str]),
        ("namespace", str | Awaitable[str]),
        ("logs", LogsSettings),
    ]
    assert copied(dataclasses.make_dataclass("CopyingArgs", fields)) == ["version", "storage", "access", "hosts"]
