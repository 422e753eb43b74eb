"""Failures that are counted by Prometheus: a series that is new counts whole, however late its first sample comes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring.alerts.counting import grown
from tests.components.monitoring.alerts.promtool import STACKS, promtool, rules_of, write
from tests.metrics import Selector, is_possible, recorded_metrics, selectors

NO_FLAG_METRICS = "an autoscaler and no flag metrics"
COUNTER = "flagsmith_task_processor_finished_tasks_total"
WHERE = 'namespace="feature-flags",pod="a",task_identifier="t"'
FAILED = f'{COUNTER}{{{WHERE},task_type="standard",result="failure"}}'
RECURRING = f'{COUNTER}{{{WHERE},task_type="recurring",result="failure"}}'
STACK = 'namespace="feature-flags"'
OTHERS = f'up{{{STACK},component="api",pod="b"}}'
"""Another pod of the stack. Without it nobody can say that the counter's pod was not there before."""
OWN = f'up{{{STACK},component="task-processor",pod="a"}}'
ALWAYS = {OTHERS: "1x1000"}
FIRING = {"alertstate": "firing", "severity": "warning", "task_identifier": "t"}


def check(
    program: Callable[[str, str], str], place: Path, series: dict[str, str], expression: str, expected: dict[int, Any]
) -> None:
    """What an expression has at some minutes, with the rules that it names; samples come every 30 s."""
    named = [rule for name, rule in rules_of(NO_FLAG_METRICS).items() if f'"{name}"' in expression]
    groups = [{"name": "all", "rules": named}] if named else []
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
        ("_x30 6x60", 6),
        ("_x30 3 6x60", 6),
        ("_x30 1 2 3 4 5 6x60", 6),
        # A process that began anew counts from 0 again.
        ("_x30 4 0 2x60", 4),
        # One that was there all the time, and did not fail.
        ("6x200", 0),
        # Scrapes that failed for ten minutes.
        ("6x30 _x20 6x150", 0),
    ],
)
def test_what_a_counter_grew_by_holds_the_first_failures_of_a_new_series(
    program: Callable[[str, str], str], tmp_path: Path, values: str, found: float
) -> None:
    check(program, tmp_path, {FAILED: values, **ALWAYS}, f"sum({grown(COUNTER, 20, STACK)})", {29: counted(found)})


@pytest.mark.parametrize("minutes", [15, 60, 1440])
@pytest.mark.parametrize(
    "series",
    [
        # A Prometheus that has just started, with and without a moment until the first scrape.
        {FAILED: "9x400", OWN: "1x400", OTHERS: "1x400"},
        {FAILED: "_x10 9x400", OWN: "_x10 1x400", OTHERS: "_x10 1x400"},
        # The pods are found and scraped one after the other.
        {FAILED: "_x12 9x400", OWN: "_x12 1x400", OTHERS: "_x10 1x400"},
        # One that was away for as long as its window, and for two.
        {FAILED: "9x100 _x130 9x400", OWN: "1x100 _x130 1x400", OTHERS: "1x100 _x130 1x400"},
        {FAILED: "9x100 _x260 9x400", OWN: "1x101 _x259 1x400", OTHERS: "1x102 _x258 1x400"},
        # Scrapes of the one pod failed.
        {FAILED: "9x100 _x130 9x400", OWN: "1x100 0x129 1x401", OTHERS: "1x1000"},
        {FAILED: "9x100 _x260 9x400", OWN: "1x100 0x259 1x401", OTHERS: "1x1000"},
    ],
)
def test_what_a_counter_had_before_it_was_looked_at_is_nothing_that_it_grew_by(
    program: Callable[[str, str], str], tmp_path: Path, series: dict[str, str], minutes: int
) -> None:
    most = f"max_over_time(sum({grown(COUNTER, minutes, STACK)})[250m:1m])"
    check(program, tmp_path, series, most, {250: counted(0)})


def alert(name: str) -> str:
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


def fires(name: str) -> list[dict[str, Any]]:
    labels = ",".join(f'{key}="{value}"' for key, value in {"alertname": name, **FIRING}.items())
    return [{"labels": f"ALERTS{{{labels}}}", "value": 1}]


def test_six_failures_in_the_first_scrape_of_a_series_fire_without_flag_metrics(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithTasksFail"
    check(
        program,
        tmp_path,
        {FAILED: "_x40 6x300", **ALWAYS},
        alert(name),
        {19: [], 21: fires(name), 70: fires(name), 90: []},
    )
    check(program, tmp_path, {FAILED: "_x40 5x300", **ALWAYS}, alert(name), {21: [], 70: []})


def test_a_recurring_task_that_failed_four_times_fires_without_flag_metrics(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithRecurringTaskGivenUp"
    check(program, tmp_path, {RECURRING: "_x40 4x300", **ALWAYS}, alert(name), {19: [], 21: fires(name), 90: []})
    check(program, tmp_path, {RECURRING: "_x40 3x300", **ALWAYS}, alert(name), {21: []})
    check(program, tmp_path, {FAILED: "_x40 4x300", **ALWAYS}, alert(name), {21: []})


def test_a_task_done_by_a_processor_that_has_just_started_is_one_that_is_done(
    program: Callable[[str, str], str], tmp_path: Path
) -> None:
    name = "FlagsmithTasksNotDone"
    put_off = 'flagsmith_task_processor_enqueued_tasks_total{namespace="feature-flags",pod="b",task_identifier="t"}'
    done = f'{COUNTER}{{{WHERE},task_type="standard",result="success"}}'
    check(program, tmp_path, {put_off: "0+0x20 3+1x100", done: "_x22 3x100", **ALWAYS}, alert(name), {27: []})


def is_counter(metric: str) -> bool:
    """Whether a metric only grows, by its name."""
    return metric.endswith(("_total", "_bucket", "_count", "_sum")) and not metric.startswith("pg_stat_activity_")


def one_of(selector: Selector) -> str:
    """A series that a selector selects, of pod a."""
    known = {} if selector.metric == "up" else recorded_metrics().names[selector.metric]
    labels = {name: sorted(values)[0] for name, values in known.items()} | {"pod": "a"}
    for matcher in selector.matchers:
        if matcher.op == "=":
            labels[matcher.label] = matcher.value
        else:
            values = sorted(known.get(matcher.label, ()))
            labels[matcher.label] = next(value for value in values if is_possible(matcher, [value]))
    return f"{selector.metric}{{{','.join(f'{name}={json.dumps(value)}' for name, value in sorted(labels.items()))}}}"


# Rules on a counter that does not grow, as those of this test do not.
OF_REST = {"FlagsmithArchiveOld"}


@pytest.mark.parametrize("stack", STACKS)
def test_counters_that_are_high_at_once_fire_nothing_on_an_empty_prometheus(
    stack: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    """What a stack did before it was looked at for the first time is long ago, whatever rule counts it."""
    counting = [
        rule
        for name, rule in rules_of(stack).items()
        if name not in OF_REST and any(is_counter(item.metric) for item in selectors(rule["expr"]))
    ]
    assert len(counting) > 5
    series = {one_of(item): "_x2 1x300" for rule in counting for item in selectors(rule["expr"])}
    series |= {key: "_x2 1000000x300" for key in series if is_counter(key.partition("{")[0])}
    test = {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[5h]))',
                "eval_time": "300m",
                "exp_samples": [],
            }
        ],
    }
    assert "SUCCESS" in promtool(program, "test", "rules", write(tmp_path, counting, [test]))
