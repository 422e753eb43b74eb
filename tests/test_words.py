"""One word for one thing: a class's name says which of all it is, wherever it is read."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from flagops.project import ROOT


def modules() -> Iterator[Path]:
    """All but the scripts of containers, which are programs of their own and import nothing from here."""
    for folder in ("components", "flagops", "policies"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {".venv", "in_pod"} & set(path.parts):
                yield path


def classes() -> dict[str, list[str]]:
    """Where each name of a class is defined."""
    found = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_no_two_classes_have_one_name() -> None:
    found = classes()
    assert len(found) > 400
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
