"""The alert rules: right PromQL on metrics that exist, firing on their fault and quiet otherwise, with their pages."""

import json
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.metrics import mistakes
from tests.recording import ROOT, record

CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
OPERATOR = {"apiVersions": ["monitoring.coreos.com/v1"]}
STACKS: dict[str, dict[str, object]] = {
    "production": {},
    "an autoscaler and no flag metrics": {
        "autoscaling": {"enabled": True},
        "monitoring": {"flagMetrics": {"enabled": False}},
        "audit": {"export": {"sink": "stdout"}},
    },
}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


@cache
def spec(stack: str) -> dict[str, Any]:
    """The rules of production, some of its settings replaced."""
    return dict(record("production", {**OPERATOR, **STACKS[stack]}).one("PrometheusRule", "flagsmith")["spec"])


def rules() -> dict[str, dict[str, Any]]:
    """Every rule by name; the same name is the same rule in all stacks, or another of the same kind."""
    return {rule["alert"]: rule for stack in STACKS for group in spec(stack)["groups"] for rule in group["rules"]}


def promtool(program: Callable[[str, str], str], *arguments: object) -> str:
    words = [program("promtool", "prometheus"), *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_takes_the_rules(stack: str, program: Callable[[str, str], str], tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(spec(stack)), encoding="utf-8")
    assert "SUCCESS" in promtool(program, "check", "rules", path)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    assert set(CASES) == set(rules())
    for name, case in CASES.items():
        assert set(case) == {"fires", "quiet"}, name


def unit(name: str, case: dict[str, Any], fires: bool) -> dict[str, Any]:
    """A test of promtool's: which series of the alert there are at the minute."""
    series = {key.replace("NS", 'namespace="feature-flags"'): values for key, values in case["series"].items()}
    labels = {"alertname": name, "alertstate": "firing", "severity": rules()[name]["labels"]["severity"]}
    text = ", ".join(f"{key}={json.dumps(value)}" for key, value in {**labels, **case.get("labels", {})}.items())
    expected = [{"labels": f"ALERTS{{{text}}}", "value": 1}] if fires else []
    query = f'ALERTS{{alertname="{name}", alertstate="firing"}}'
    return {
        "interval": "1m",
        "input_series": [{"series": key, "values": str(values)} for key, values in series.items()],
        "promql_expr_test": [{"expr": query, "eval_time": f"{case['at']}m", "exp_samples": expected}],
    }


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_on_its_fault_and_is_quiet_without(
    name: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "one", "rules": [rules()[name]]}]}), encoding="utf-8"
    )
    tests = [unit(name, CASES[name]["fires"], fires=True), unit(name, CASES[name]["quiet"], fires=False)]
    path = tmp_path / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}), encoding="utf-8")
    assert "SUCCESS" in promtool(program, "test", "rules", path)


@pytest.mark.parametrize("name", sorted(rules()))
def test_every_metric_label_and_value_of_a_rule_is_in_a_scrape(name: str) -> None:
    assert mistakes(rules()[name]["expr"]) == []


def anchors() -> set[str]:
    """The anchors of the runbook's headings, as GitHub makes them."""
    headings = re.findall(r"^##+ (.+)$", RUNBOOK, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", sorted(rules()))
def test_every_rule_says_how_bad_it_is_what_is_seen_and_where_its_runbook_is(name: str) -> None:
    rule = rules()[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")
    assert rule["annotations"]["runbook_url"].partition("#")[2] in anchors()


@pytest.mark.parametrize("name", sorted(rules()))
def test_the_runbook_names_every_alert(name: str) -> None:
    prefix = "FlagsmithMetricsMissing"
    assert f"`{prefix}…`" in RUNBOOK if name.startswith(prefix) else f"`{name}`" in RUNBOOK


def test_every_rule_looks_at_its_own_namespace_alone() -> None:
    rule = record("production", {**OPERATOR, "namespace": {"name": "flags-b"}}).one("PrometheusRule", "flagsmith")
    text = json.dumps(rule["spec"])
    assert "feature-flags" not in text.replace("footanalytics/feature-flags", "")
    assert "flags-b" in text
