"""Every table that `ff` prints, in terminals of 60 and 80 columns: a row is a line, and its verdict is always there."""

import ast
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.flagops.cli.tables import FREE_TEXT, KNOWN, TABLES, Show, shown

FLAGOPS = Path(__file__).parents[3] / "flagops"


def _without_indented(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("    ")]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(("name", "show", "verdicts"), KNOWN, ids=[name for name, *_ in KNOWN])
def test_a_verdict_is_whole_in_a_terminal_of_any_width(
    name: str, show: Show, verdicts: tuple[str, ...], width: int
) -> None:
    words = "\n".join(shown(show, width))
    assert [verdict for verdict in verdicts if verdict not in words] == [], name


@pytest.mark.parametrize(("name", "show"), [case[:2] for case in KNOWN], ids=[name for name, *_ in KNOWN])
def test_with_80_columns_a_row_is_a_line(name: str, show: Show) -> None:
    wide, narrow = shown(show, 240), shown(show, 80)
    rows = [line for line in narrow if not line.startswith("Left out for want of room")]
    if name in FREE_TEXT:
        rows = _without_indented(rows)
    assert len(rows) == len(wide), "\n".join(narrow)
    # What is said above or below a table may be longer than a line: its rows are not.
    sentences = {line for line in wide if line.endswith(".") or ": " in line}
    assert [line for line in rows if cell_len(line) > 80 and line not in sentences] == []


def test_every_table_is_tried_here_and_none_is_made_in_another_way() -> None:
    made = set()
    for path in FLAGOPS.rglob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "rich.table" not in imported, path
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "Listing" for node in ast.walk(tree)):
            made.add(str(path.relative_to(FLAGOPS)))
    assert made == set(TABLES)
