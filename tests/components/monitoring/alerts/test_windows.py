"""When the alerts on rates fire: a hard fault soon, and one that is over never.

A rate falls only when the fault has left its window. With a long one and a `for`, an alert would come when all is well
again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.components.monitoring.alerts.promtool import OPERATOR, promtool, rules
from tests.recording import record

FAULTS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "over.yaml").read_text(encoding="utf-8"))
START, AFTER = 60, 90


def windows(expression: str) -> list[int]:
    """The windows that an expression looks at as a whole, in seconds; not those whose last sample alone counts."""
    found: list[int] = []

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.Call) and node.func.name != "last_over_time":
            found.extend(
                int(item.range.total_seconds())
                for item in node.args
                if isinstance(item, promql_parser.MatrixSelector | promql_parser.SubqueryExpr) and item.range
            )

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def series(of: dict[str, Any], lasts: int, *, gauge: bool) -> str:
    """A series in promtool's notation: before the fault, in it, and after."""
    before, during, after = START * 2, lasts * 2, AFTER * 2
    if gauge:
        return f"{of['well']}x{before} {of['fault']}x{during} {of['after']}x{after}"
    if of["well"] == "none":
        return f"_x{before} {of['fault']}+{of['fault']}x{during - 1} {of['fault'] * during}x{after}"
    at_start = of["well"] * before
    at_end = at_start + of["fault"] * during
    return f"0+{of['well']}x{before - 1} {at_start}+{of['fault']}x{during - 1} {at_end}+{of['well']}x{after}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_hard_fault_fires_soon_and_one_that_is_over_does_not_fire_late(
    fault: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name, case = fault.partition(",")[0], FAULTS[fault]
    rule = rules()[name]
    (tmp_path / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "one", "rules": [rule]}]}), encoding="utf-8"
    )
    end = START + case["lasts"]
    firing = f'ALERTS{{alertname="{name}",alertstate="firing"}}'
    began = f"min(min_over_time(timestamp({firing})[{end + AFTER}m:30s])) - {START * 60}"
    if "within" in case:
        soon = {"expr": f"{began} <= bool {case['within']}", "exp_samples": [{"labels": "{}", "value": 1}]}
        early = {"expr": f"{began} >= bool 0", "exp_samples": [{"labels": "{}", "value": 1}]}
        expected = [soon, early]
    else:
        expected = [{"expr": began, "exp_samples": []}]
    test = {
        "interval": "30s",
        "input_series": [
            {
                "series": key.replace("NS", 'namespace="feature-flags"'),
                "values": series(of, case["lasts"], gauge=case.get("gauges", False)),
            }
            for key, of in case["series"].items()
        ],
        "promql_expr_test": [{**item, "eval_time": f"{end + AFTER}m"} for item in expected],
    }
    path = tmp_path / "tests.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "30s", "tests": [test]}), encoding="utf-8"
    )
    assert "SUCCESS" in promtool(program, "test", "rules", path)


def test_a_rule_that_waits_looks_at_a_window_of_half_its_wait_too() -> None:
    """What lasts for half the wait only has left that window before the wait is over."""
    found = {}
    for name, rule in rules().items():
        wait = 60 * int(rule.get("for", "0m").removesuffix("m"))
        # What is done meanwhile takes an alert that asks for nothing at all back at once.
        if wait and windows(rule["expr"]) and " unless " not in rule["expr"]:
            found[name] = (min(windows(rule["expr"])), wait)
    assert {"FlagsmithSlow", "FlagsmithCpuNearLimit", "FlagsmithRedisEvicts"} <= set(found)
    assert {name: pair for name, pair in found.items() if pair[0] > pair[1] / 2} == {}


def test_a_window_holds_two_scrapes_at_least() -> None:
    """`rate` needs two samples. With scrapes every two minutes, the shortest windows are longer."""
    for interval in (30, 60, 120):
        groups = spec_of(interval)["groups"]
        shortest = min(min(windows(rule["expr"]), default=600) for group in groups for rule in group["rules"])
        assert shortest >= 2 * interval, interval


def spec_of(interval: int) -> dict[str, Any]:
    """The rules of production, scraped every `interval` seconds."""
    rule = record("production", {**OPERATOR, "monitoring": {"interval": interval}}).one("PrometheusRule", "flagsmith")
    return dict(rule["spec"])
