"""Imports stand at the top of a file. One in a function has its reason beside it."""

import ast
import subprocess
from collections.abc import Iterator

import pytest

from tests.recording import ROOT

LISTED = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
# A script of a deployed container is left as it is: each word that is added to it rolls pods.
FILES = [name for name in LISTED.stdout.split() if not (name.startswith("components/") and "/in_pod/" in name)]


def without_reason(text: str) -> Iterator[int]:
    """The lines of imports in functions that have no comment: on them, or above the first of several."""
    lines = text.split("\n")
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    blocks = {id(body): body for function in functions for node in ast.walk(function) for body in bodies(node)}
    for body in blocks.values():
        for before, statement in zip([None, *body], body, strict=False):
            is_first = isinstance(statement, ast.Import | ast.ImportFrom) and not isinstance(
                before, ast.Import | ast.ImportFrom
            )
            above, line = lines[statement.lineno - 2], lines[statement.lineno - 1]
            if is_first and "#" not in line and not above.lstrip().startswith("#"):
                yield statement.lineno


def bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list):
            yield found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("import json\n", []),
        ("def f():\n    import json\n", [2]),
        ("def f():\n    import json  # slow\n", []),
        ("def f():\n    # Both are slow.\n    import json\n\n    import re\n", []),
        ("def f():\n    try:\n        pass\n    finally:\n        from re import sub\n", [5]),
        ("class A:\n    async def f(self):\n        if self:\n            import re\n", [4]),
        ("def f():\n    # One reason\n    import re\n    f()\n    import json\n", [5]),
        ("def f():\n    def g():\n        import re\n", [3]),
    ],
)
def test_what_counts_as_a_reason(body: str, found: list[int]) -> None:
    assert list(without_reason(body)) == found


def test_an_import_in_a_function_has_its_reason_beside_it() -> None:
    assert len(FILES) > 500
    assert [f"{name}:{line}" for name in FILES for line in without_reason((ROOT / name).read_text("utf-8"))] == []
