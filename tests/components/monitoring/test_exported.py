"""What our own exporters export: each metric is in a rule or a panel, or there is a reason why it is in none."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.monitoring.dashboards.build import documents
from tests.components.monitoring.alerts.promtool import STACKS, rules_of
from tests.components.monitoring.dashboards.conftest import EVERYTHING
from tests.metrics import SCRAPES, parse_scrape, selectors
from tests.recording import ROOT

SCRIPTS = sorted((ROOT / "components").glob("*/in_pod/*.py"))
EXPORTERS = ("flag-metrics", "audit-exporter", "edge-metrics", "rollouts")
# Beside those of rules, panels and marks: the metric, and why nobody looks at it.
NOBODY_LOOKS_AT = {
    "flagsmith_audit_exported_created": "when it began to count: prometheus_client adds it to each counter",
    "flagsmith_audit_export_resets_created": "when it began to count: prometheus_client adds it to each counter",
    "flagsmith_audit_export_gaps_given_up_created": "when it began to count: prometheus_client adds it to each counter",
}


def exported(name: str) -> set[str]:
    """The metrics of an exporter; tests of each hold the recorded ones to the real ones."""
    return set(parse_scrape((SCRAPES / f"{name}.txt").read_text(encoding="utf-8")).names)


def looked_at() -> set[str]:
    """The metrics of all rules, of all panels, and of the marks on them."""
    rules = [rule["expr"] for stack in STACKS for rule in rules_of(stack).values()]
    boards = [json.loads(text) for text in documents(EVERYTHING).values()]
    panels = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", [])]
    panels += [mark["expr"] for board in boards for mark in board["annotations"].get("list", []) if "expr" in mark]
    asked = [re.sub(r"\$\w+", "5m", expression) for expression in panels]
    return {selector.metric for expression in rules + asked for selector in selectors(expression)}


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_metric_is_in_a_rule_or_a_panel_or_has_a_reason_to_be_in_none(name: str) -> None:
    assert exported(name) - looked_at() - NOBODY_LOOKS_AT.keys() == set()


def test_what_nobody_looks_at_is_exported_and_in_no_rule_or_panel() -> None:
    every = set().union(*(exported(name) for name in EXPORTERS))
    assert NOBODY_LOOKS_AT.keys() <= every - looked_at()
    assert all(reason.strip() for reason in NOBODY_LOOKS_AT.values())


def named_in(path: Path) -> Iterator[str]:
    """The names of metrics in a script: what it gives to prometheus_client, and tables of names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prefix = {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [
                part.value if isinstance(part, ast.Constant) else prefix.get(getattr(part.value, "id", ""), "\0")  # type: ignore[attr-defined]
                for part in node.values
            ]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.fullmatch(r"flagsmith(_[a-z]+){2,}", text):
            yield text


@pytest.mark.parametrize("path", [path for path in SCRIPTS if "prometheus_client" in path.read_text("utf-8")], ids=str)
def test_every_metric_that_a_script_names_is_in_the_recorded_scrapes(path: Path) -> None:
    every = set().union(*(exported(name) for name in EXPORTERS))
    names = set(named_in(path)) - {"flagsmith_flag_metrics"}
    assert {name for name in names if not {name, f"{name}_total"} & every} == set()
    assert names
