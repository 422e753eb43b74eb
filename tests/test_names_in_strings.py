"""Programs that tests run as text, and names of modules in strings: no import of Python's looks at them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recording import ROOT

HOUSES = ("components", "flagops", "policies", "tests")
NAMED = re.compile(rf"\b(?:from|import) ((?:{'|'.join((*HOUSES, 'ops'))})(?:\.\w+)*)\b")


def texts(path: Path) -> Iterator[str]:
    """The strings of a file, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


FILES = sorted(path for house in (*HOUSES, "benchmarks") for path in (ROOT / house).rglob("*.py"))


def unknown(path: Path) -> set[str]:
    return {name for text in texts(path) for name in NAMED.findall(text) if not exists(name)}


def test_every_module_that_a_string_imports_exists() -> None:
    # This one makes up modules that are not there.
    ours = [path for path in FILES if ".venv" not in path.parts and path != Path(__file__).resolve()]
    assert len(ours) > 500
    assert {str(path.relative_to(ROOT)): names for path in ours if (names := unknown(path))} == {}


@pytest.mark.parametrize("text", ["from ops.cli import main", "import sys, os; import components.gone"])
def test_one_that_does_not_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(f"PROGRAM = {text!r}", encoding="utf-8")
    assert unknown(tmp_path / "a.py")
