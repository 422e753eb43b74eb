"""The alert rules: right PromQL on metrics that exist, firing on their fault and quiet otherwise, with their pages."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.components.monitoring.alerts.promtool import (
    CASES,
    EXPECTED,
    KEYS,
    OPERATOR,
    STACKS,
    minutes,
    promtool,
    ran,
    rules,
    rules_of,
    samples,
    series,
    spec,
    unit,
    write,
)
from tests.metrics import mistakes, recorded_metrics, selectors
from tests.recording import ROOT, record

ALL_RULES = [(stack, name) for stack in STACKS for name in rules_of(stack)]


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_takes_the_rules(stack: str, program: Callable[[str, str], str], tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(spec(stack)), encoding="utf-8")
    assert "SUCCESS" in promtool(program, "check", "rules", path)


def test_every_alert_has_its_cases_and_each_says_what_is_expected() -> None:
    assert set(CASES) == set(rules())
    for name, found in CASES.items():
        assert set(EXPECTED) <= set(found), name
        for which, case in found.items():
            assert set(case) <= KEYS, f"{name} {which}"
            fires_at, quiet_at = minutes(name, which)
            assert fires_at or quiet_at, f"{name} {which} expects nothing"


@pytest.mark.parametrize("name", CASES)
def test_the_cases_without_series_with_new_and_with_stale_ones_are_what_they_are_called(name: str) -> None:
    known = {item.metric for item in selectors(rules()[name]["expr"])}
    assert "series" not in CASES[name]["absent"]
    for which in ("new", "stale"):
        case = CASES[name][which]
        of = CASES[name][case.get("of", "fires")]
        found = [(key, list(samples(values))) for key, values in series(case, of).items()]
        assert {key.partition("{")[0] for key, _ in found} <= known, f"{which}: a series that the rule does not look at"
        fires_at, quiet_at = minutes(name, which)
        last = max(fires_at + quiet_at)
        if which == "new":
            assert any(values[0] == "_" and set(values[: last + 1]) != {"_"} for _, values in found), which
        else:
            assert any("stale" in values and values.index("stale") <= last for _, values in found), which


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_on_its_fault_and_is_quiet_without(
    name: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    every = {which: case.get("every", 1) for which, case in CASES[name].items()}
    for step in sorted(set(every.values())):
        units = [unit(name, which) for which in every if every[which] == step]
        assert "SUCCESS" in promtool(program, "test", "rules", write(tmp_path, [rules()[name]], units, step))


def test_the_page_says_which_alerts_outlast_their_fault_and_for_how_long() -> None:
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(Flagsmith\w+)` \| (\d+) min", page, re.MULTILINE))
    ends = {name: CASES[name]["ends"]["within"] for name in CASES}
    assert {name: int(minutes) for name, minutes in told.items()} == {
        name: within for name, within in ends.items() if within > 1
    }


def test_each_case_fails_with_a_rule_that_always_fires_or_with_one_that_never_does(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Neither looks at a series, so that all cases are tried in one world without any."""
    failed: list[set[tuple[str, str]]] = []
    for expression in ("vector(1)", "vector(1) > 1"):
        rule = {"alert": "Tried", "expr": expression, "labels": {"severity": "critical"}}
        units = [unit(name, which, rule) for name in CASES for which in CASES[name]]
        checks = [check for one in units for check in one["promql_expr_test"]]
        said = ran(program, "test", "rules", write(tmp_path, [rule], [{"promql_expr_test": checks}]))
        failed.append(set(re.findall(r'# (\w+) ([^"]+)"', said.stdout + said.stderr)))
        assert {name for name, _ in failed[-1]} == set(CASES), f"no case of it fails with {expression}"
    assert failed[0] | failed[1] == {(name, which) for name in CASES for which in CASES[name]}


@pytest.mark.parametrize(("stack", "name"), ALL_RULES)
@pytest.mark.parametrize("newer", [False, True], ids=["deployed", "newer"])
def test_every_metric_label_and_value_of_a_rule_is_in_a_scrape(newer: bool, stack: str, name: str) -> None:
    assert mistakes(rules_of(stack)[name]["expr"], recorded_metrics(newer=newer)) == []


@pytest.mark.parametrize("name", sorted(rules()))
def test_every_rule_says_how_bad_it_is_and_what_is_seen(name: str) -> None:
    rule = rules()[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")


def test_every_rule_looks_at_its_own_namespace_alone() -> None:
    rule = record("production", {**OPERATOR, "namespace": {"name": "flags-b"}}).one("PrometheusRule", "flagsmith")
    text = json.dumps(rule["spec"])
    assert "feature-flags" not in text.replace("footanalytics/feature-flags", "")
    assert "flags-b" in text
