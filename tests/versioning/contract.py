"""The contract of a release, as names: what docs/versioning.md promises not to break without a word.

`python -m tests.versioning.contract` writes `docs/contract.json`, which a release does.
"""

import ast
import dataclasses
import importlib
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic.alias_generators import to_camel
from typer.core import TyperArgument

from components.package.component import FeatureFlags
from components.settings import Settings
from flagops.commands.docs.configuration_page import entries
from tests.commands import EVERY, FF
from tests.components.registering import WHOLE
from tests.recording import ROOT, Recording, record
from tests.versioning.json_output import SOURCES

FILE = ROOT / "docs" / "contract.json"
Names = dict[str, list[str]]

METRIC = re.compile(r"\bflagsmith_[a-z_]+")
DIGEST = re.compile(r"-(?=[0-9a-f]*\d)[0-9a-f]{8,}$")


def contract() -> Names:
    """Every name that is promised, by what it is."""
    return {
        "settings": sorted(f"{entry.key}: {entry.kind} = {entry.default}".rstrip(" =") for entry in entries(Settings)),
        "outputs": sorted({str(name) for one in _recordings() for name in one.program.outputs} | _of_the_package()),
        "objects": sorted({_object(item.ref) for one in _recordings() for item in one.program.objects}),
        "commands": sorted(set(_commands())),
        "json": sorted(_json()),
        "metrics": sorted(_metrics()),
        "alerts": sorted(_alerts()),
    }


def _of_the_package() -> set[str]:
    """The outputs of the package's component, as programs of other languages know them."""
    return {to_camel(name) for name in inspect.get_annotations(FeatureFlags)}


@cache
def _recordings() -> tuple[Recording, ...]:
    return tuple(record(stack, settings) for stack, settings in WHOLE.values())


def _object(ref: Any) -> str:
    """`Kind/name`, without the digest that some names end in."""
    return f"{ref.kind}/{DIGEST.sub('-*', ref.name)}"


def _commands() -> Iterator[str]:
    yield from _parameters(FF, "ff")
    for words, command in EVERY.items():
        path = f"ff {words}"
        yield path.rpartition(" ")[0]
        yield from _parameters(command, path)


def _parameters(command: Any, path: str) -> Iterator[str]:
    yield path
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            shown = (parameter.metavar or str(parameter.name).upper()).strip("[].")
        else:
            shown = str(parameter.opts[0])
            yield from (f"{path} {option}" for option in parameter.opts if option != "--help")
            yield from (f"{path} {option}" for option in parameter.secondary_opts)
        for choice in _choices(parameter):
            yield f"{path} {shown} {choice}"
        if isinstance(parameter, TyperArgument):
            yield f"{path} {shown}"


def _choices(parameter: Any) -> list[str]:
    annotation = parameter.type_descriptor.annotation
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [str(choice.value) for choice in kind]
    return []


def with_json() -> set[str]:
    """The commands that have `--json`."""
    return {name.removesuffix(" --json") for name in contract()["commands"] if name.endswith(" --json")}


def _json() -> Iterator[str]:
    for command, sources in SOURCES.items():
        for source in sources:
            for key in keys(source):
                yield f"{command}: {key}"


def keys(source: str) -> set[str]:
    """The keys of what a dataclass or a function (`module:name`, or `file:name`) becomes in JSON."""
    place, _, name = source.partition(":")
    if place.endswith(".py"):
        module = ast.parse((ROOT / place).read_text(encoding="utf-8"))
        (function,) = (node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name)
        return _displayed(function)
    found = getattr(importlib.import_module(place), name)
    if dataclasses.is_dataclass(found):
        return set(_fields(found))
    return _displayed(ast.parse(textwrap.dedent(inspect.getsource(found))))


def _displayed(tree: ast.AST) -> set[str]:
    displayed = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    return {key.value for key in displayed if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _fields(kind: Any) -> Iterator[str]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name
        for inner in (hints[field.name], *get_args(hints[field.name])):
            if dataclasses.is_dataclass(inner):
                yield from (f"{field.name}.{name}" for name in _fields(inner))


def _metrics() -> Iterator[str]:
    """Those of our own exporters; the others' belong to them."""
    for path in sorted((ROOT / "components").glob("*/in_pod/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and METRIC.fullmatch(node.value):
                yield node.value


def _alerts() -> Iterator[str]:
    for one in _recordings():
        for rules in one.all("PrometheusRule"):
            for group in rules["spec"]["groups"]:
                yield from (rule["alert"] for rule in group["rules"] if "alert" in rule)


if __name__ == "__main__":
    from importlib.metadata import version

    FILE.write_text(json.dumps({"release": version("feature-flags"), **contract()}, indent=1) + "\n", encoding="utf-8")
