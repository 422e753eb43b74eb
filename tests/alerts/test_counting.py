"""Failures that are counted by Prometheus: a series that is new counts whole, however late its first sample comes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring.alerts.counting import grown
from tests.alerts.promtool import promtool, rules_of

NO_FLAG_METRICS = "an autoscaler and no flag metrics"
COUNTER = "flagsmith_task_processor_finished_tasks_total"
WHERE = 'namespace="feature-flags",pod="a",task_identifier="t"'
FAILED = f'{COUNTER}{{{WHERE},task_type="standard",result="failure"}}'
RECURRING = f'{COUNTER}{{{WHERE},task_type="recurring",result="failure"}}'
FIRING = {"alertstate": "firing", "severity": "warning", "task_identifier": "t"}


def check(
    program: Callable[[str, str], str], place: Path, series: dict[str, str], expression: str, expected: dict[int, Any]
) -> None:
    """What an expression has at some minutes; samples come every 30 s."""
    groups = [{"name": "all", "rules": list(rules_of(NO_FLAG_METRICS).values())}]
    (place / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    test = {
        "interval": "30s",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [
            {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}
            for minute, samples in expected.items()
        ],
    }
    path = place / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}), encoding="utf-8")
    assert "SUCCESS" in promtool(program, "test", "rules", path)


def counted(value: float) -> list[dict[str, Any]]:
    return [{"labels": "{}", "value": value}]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        # Six failures before the first scrape; in two steps; one by one.
        ("_x20 6x60", 6),
        ("_x20 3 6x60", 6),
        ("_x20 1 2 3 4 5 6x60", 6),
        # A process that began anew counts from 0 again.
        ("_x20 4 0 2x60", 4),
        # One that was there all the time, and did not fail.
        ("6x200", 0),
        # Scrapes that failed for ten minutes.
        ("6x30 _x20 6x150", 0),
    ],
)
def test_what_a_counter_grew_by_holds_the_first_failures_of_a_new_series(
    program: Callable[[str, str], str], tmp_path: Path, values: str, found: float
) -> None:
    check(program, tmp_path, {FAILED: values}, f"sum({grown(COUNTER, '20m')})", {29: counted(found)})


def alert(name: str) -> str:
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


def fires(name: str) -> list[dict[str, Any]]:
    labels = ",".join(f'{key}="{value}"' for key, value in {"alertname": name, **FIRING}.items())
    return [{"labels": f"ALERTS{{{labels}}}", "value": 1}]


def test_six_failures_in_the_first_scrape_of_a_series_fire_without_flag_metrics(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithTasksFail"
    check(program, tmp_path, {FAILED: "_x20 6x300"}, alert(name), {9: [], 11: fires(name), 60: fires(name), 80: []})
    check(program, tmp_path, {FAILED: "_x20 5x300"}, alert(name), {11: [], 60: []})


def test_a_recurring_task_that_failed_four_times_fires_without_flag_metrics(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithRecurringTaskGivenUp"
    check(program, tmp_path, {RECURRING: "_x20 4x300"}, alert(name), {9: [], 11: fires(name), 80: []})
    check(program, tmp_path, {RECURRING: "_x20 3x300"}, alert(name), {11: []})
    check(program, tmp_path, {FAILED: "_x20 4x300"}, alert(name), {11: []})


def test_a_task_done_by_a_processor_that_has_just_started_is_one_that_is_done(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithTasksNotDone"
    put_off = 'flagsmith_task_processor_enqueued_tasks_total{namespace="feature-flags",pod="b",task_identifier="t"}'
    done = f'{COUNTER}{{{WHERE},task_type="standard",result="success"}}'
    check(program, tmp_path, {put_off: "0+0x20 3+1x100", done: "_x22 3x100"}, alert(name), {27: []})
