"""The programs of `examples/package` use the package as it is: by its folder, with arguments that it takes."""

import ast
import re
from typing import Any

import pytest
import yaml
from pydantic.alias_generators import to_camel

from components.package.component import TYPE, FeatureFlags, settings_of
from tests.recording import ROOT

EXAMPLES = ROOT / "examples" / "package"
PROGRAMS = sorted(EXAMPLES.glob("*/Pulumi.yaml"))
OUTPUTS = {to_camel(name) for name in FeatureFlags.__annotations__}


def program(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.parent.name)
def test_a_program_finds_the_package_where_it_is(path: Any) -> None:
    named = yaml.safe_load(path.read_text(encoding="utf-8"))["packages"]["feature-flags"]
    assert (path.parent / named / "PulumiPlugin.yaml").resolve() == ROOT / "package" / "PulumiPlugin.yaml"
    assert (path.parent / named / "__main__.py").is_file()


def test_the_arguments_in_yaml_are_settings() -> None:
    found = program("yaml")
    (resource,) = found["resources"].values()
    assert resource["type"] == TYPE.replace(":index:", ":")
    assert settings_of(resource["properties"]).namespace.name == "flags"
    used = re.findall(r"\$\{flags\.(\w+)\}", str(found["outputs"]))
    assert used
    assert set(used) <= OUTPUTS


def test_the_arguments_in_python_are_settings() -> None:
    tree = ast.parse((EXAMPLES / "python" / "__main__.py").read_text(encoding="utf-8"))
    (call,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FeatureFlags"
    )
    given = {to_camel(str(item.arg)): _camel(ast.literal_eval(item.value)) for item in call.keywords}
    assert settings_of(given).namespace.name == "flags-python"


def _camel(value: Any) -> Any:
    return {to_camel(key): _camel(item) for key, item in value.items()} if isinstance(value, dict) else value
