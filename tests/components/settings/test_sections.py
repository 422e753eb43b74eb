"""Each key of a stack's file has a file of its own among the sections, by that name; each class has its own name."""

import ast
import importlib
import pkgutil
from collections import defaultdict
from pathlib import Path

import pytest
from pydantic.alias_generators import to_pascal

from components.settings import sections
from components.settings.base import Section
from components.settings.fields import SettingsFields
from components.settings.schema import unwrap

KEYS = tuple(SettingsFields.model_fields)
COMPONENTS = Path(__file__).parents[3] / "components"
ARGUMENTS = COMPONENTS / "package" / "arguments.py"


def test_the_files_are_the_keys() -> None:
    assert sorted(module.name for module in pkgutil.iter_modules(sections.__path__)) == sorted(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_file_of_a_key_defines_what_the_key_takes(key: str) -> None:
    module = importlib.import_module(f"components.settings.sections.{key}")
    annotation = SettingsFields.__annotations__[key]
    taken = unwrap(annotation)

    if isinstance(taken, type) and issubclass(taken, Section) and taken.__module__ == module.__name__:
        assert taken.__name__ == f"{to_pascal(key)}Settings"
    else:
        assert annotation is getattr(module, f"{to_pascal(key)}Setting", None)


def test_no_two_classes_of_the_components_have_the_same_name() -> None:
    found = defaultdict(list)
    for path in COMPONENTS.rglob("*.py"):
        if path == ARGUMENTS:
            continue  # written from the sections, with their names
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(COMPONENTS)))

    # The package's component is what people know by that name, and the platform's what it makes.
    assert sorted(found.pop("FeatureFlags")) == ["package/component.py", "platform.py"]
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
