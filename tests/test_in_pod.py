"""Scripts that run in containers: each is type-checked, and is Python that the oldest image reads."""

import ast
import tomllib
from pathlib import Path

import pytest

from tests.recording import ROOT

# PYTHON_VERSION in the Dockerfile of Flagsmith's tags: 3.11 from 2.170.0 on, the oldest that is deployed, and 3.13 from
# 2.225.0 on.
OLDEST = (3, 11)
SCRIPTS = sorted(
    path.relative_to(ROOT) for top in ("components", "flagops") for path in (ROOT / top).rglob("in_pod/*.py")
)
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def parsed(script: Path) -> ast.Module:
    return ast.parse((ROOT / script).read_text(encoding="utf-8"), str(script), feature_version=OLDEST)


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 20


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_the_oldest_image_reads_it_and_every_function_says_its_types(script: Path) -> None:
    untyped = [
        f"{script}:{node.lineno} {node.name}"
        for node in ast.walk(parsed(script))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.returns is None or any(argument.annotation is None for argument in arguments(node)))
    ]
    assert untyped == []


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """All arguments but `self`."""
    given = node.args
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [argument for argument in found if argument is not None and argument.arg != "self"]


def is_relative(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level > 0


def test_mypy_looks_at_all_of_them_for_the_oldest_python() -> None:
    mypy = CONFIGURATION["tool"]["mypy"]
    assert mypy["strict"] is True
    assert "exclude" not in mypy
    assert mypy["python_version"] == ".".join(map(str, OLDEST))
    assert {"components", "flagops"} <= set(mypy["files"])
    # Those that import one another by name have to be found so; those of a package find one another.
    together = {str(script.parent) for script in SCRIPTS if script.parts[0] == "components"}
    packages = {str(script.parent) for script in SCRIPTS if any(map(is_relative, ast.walk(parsed(script))))}
    assert packages == {"components/rollouts/in_pod"}
    assert together - packages <= set(mypy["mypy_path"])
    assert packages.isdisjoint(mypy["mypy_path"])
    skipped = [
        str(script)
        for script in SCRIPTS
        if "# mypy: ignore-errors" in (ROOT / script).read_text(encoding="utf-8")
        or "type: ignore" in (ROOT / script).read_text(encoding="utf-8")
    ]
    assert skipped == []
