"""One word for one thing: a class's name says which of all it is, wherever it is read."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.recording import ROOT

# Mirrors the settings' model, section by section.
GENERATED = ROOT / "components" / "package" / "arguments.py"
# What has the name of something else on purpose.
SHARED = {"FeatureFlags": "in programs of other languages, the package's component has the platform's name"}


def modules() -> Iterator[Path]:
    """All but the scripts of containers, which are programs of their own and import nothing from here."""
    for folder in ("components", "flagops", "policies"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {".venv", "in_pod"} & set(path.parts) and path != GENERATED:
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
    assert {name: places for name, places in found.items() if len(places) > 1 and name not in SHARED} == {}
    assert all(len(found[name]) == 2 for name in SHARED)


def test_what_prints_is_called_show_in_a_module_view_and_no_name_needs_an_explanation() -> None:
    """`tell`, `report` and `show` meant the same; a patient, its surroundings, a site and a look need a glossary."""
    unclear = {"tell", "look", "surroundings", "patient", "operate", "site"}
    found = []
    for path in modules():
        if path.parts[len(ROOT.parts)] == "flagops":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
            found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(({path.stem} | names) & unclear)]
            prints = any(name == "show" or name.startswith("show_") for name in names)
            if path.stem in ("show", "report") and prints:
                found.append(f"{path.relative_to(ROOT)}: what prints is a view")
    assert found == []
