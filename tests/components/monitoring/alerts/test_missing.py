"""Series that are not there: no rule falls silent with the thing that it watches, and each source has its alert."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.monitoring.alerts.missing import held, or_zero
from tests.components.monitoring.alerts.promtool import (
    CASES,
    OPERATOR,
    STACKS,
    minutes,
    promtool,
    rules,
    rules_of,
    unit,
    write,
)
from tests.metrics import OBJECT_LABELS, selectors
from tests.recording import record

PREFIX = "FlagsmithMetricsMissing"
# Who says that there is none of a metric, by how its name begins; the longest counts. The first that the stack has.
SOURCES = {
    "kube_": ("KubeStateMetrics",),
    "container_": ("Kubelet",),
    "kubelet_": ("Kubelet",),
    "pg_": ("Database", "DatabaseExporter"),
    "cnpg_": ("Servers",),
    "redis_": ("Cache", "CacheExporter"),
    "flagsmith_http_server_": ("Api",),
    "flagsmith_environment_document_": ("Api",),
    "flagsmith_task_processor_enqueued_": ("Api",),
    "flagsmith_task_processor_finished_": ("TaskProcessor",),
    "flagsmith_": ("FlagMetrics",),
    "flagsmith_audit_": ("AuditExporter",),
    "flagsmith_edge_": ("EdgeMetrics",),
    "flagsmith_rollout": ("Rollouts",),
    "certmanager_": ("CertManager",),
}
# Rules on little or nothing of a metric that another alert speaks for while there is none at all, with that alert.
OTHERS_SPEAK = {
    "FlagsmithCertificateEnds": "FlagsmithMetricsMissingCertManager",
    "FlagsmithCertificateNotReady": "FlagsmithMetricsMissingCertManager",
    "FlagsmithReplicasMissing": "FlagsmithMetricsMissingKubeStateMetrics",
    "FlagsmithBackupTooOld": "FlagsmithMetricsMissingKubeStateMetrics",
    "FlagsmithEdgeDown": "FlagsmithMetricsMissingKubeStateMetrics",
    "FlagsmithEdgeNotWarm": "FlagsmithMetricsMissingKubeStateMetrics",
    "FlagsmithServersMissing": "FlagsmithMetricsMissingKubeStateMetrics",
    "FlagsmithArchiveOld": "FlagsmithMetricsMissingDatabaseExporter",
    "FlagsmithStandbyCutOff": "FlagsmithMetricsMissingServers",
}


def fires_on_nothing(name: str) -> bool:
    return bool(minutes(name, "absent")[0])


def who_says(metric: str, stack: str) -> str:
    """The alert that fires when there is nothing of a metric."""
    begun = max((start for start in SOURCES if metric.startswith(start)), key=len)
    (name,) = (f"{PREFIX}{one}" for one in SOURCES[begun] if f"{PREFIX}{one}" in rules_of(stack))
    return name


@pytest.mark.parametrize("stack", STACKS)
def test_without_any_series_each_rule_fires_or_the_alert_of_its_source(
    stack: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    every = rules_of(stack)
    expected = {name for name in every if fires_on_nothing(name)}
    if stack == "servers outside the cluster":
        # An exporter that is a pod of its own says nothing of the server when it is gone.
        expected -= {"FlagsmithDatabaseDown", "FlagsmithRedisDown"}
    if stack == "a Cluster":
        expected -= {"FlagsmithDatabaseDown"}
    for name in every.keys() - expected:
        metrics = {item.metric for item in selectors(every[name]["expr"])} - {"up"}
        who = {OTHERS_SPEAK.get(name) or who_says(metric, stack) for metric in metrics}
        assert who, name
        assert who <= expected, f"nothing is said of {name}"
    samples = [
        {"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(expected)
    ]  # one alert of each, whatever its labels
    test = {
        "interval": "1m",
        "input_series": [],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "60m",
                "exp_samples": samples,
            }
        ],
    }
    assert "SUCCESS" in promtool(program, "test", "rules", write(tmp_path, list(every.values()), [test]))


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_that_fires_on_too_little_fires_on_nothing_too(name: str) -> None:
    too_little = re.search(r"(==\s*0|<\s*[\d.]+)$|^\(.*\)\s*<\s", rules()[name]["expr"])
    if too_little:
        assert fires_on_nothing(name) or name in OTHERS_SPEAK


def test_the_form_is_found() -> None:
    down = {name for name in rules() if rules()[name]["expr"].endswith("== 0")}
    assert {"FlagsmithDown", "FlagsmithDatabaseDown", "FlagsmithRedisDown", "FlagsmithMetricsMissingApi"} <= down


@pytest.mark.parametrize("name", [name for name in CASES if fires_on_nothing(name)])
def test_an_alert_that_fires_on_nothing_is_quiet_while_a_prometheus_starts(name: str) -> None:
    fires_at, quiet_at = minutes(name, "new")
    assert not fires_at
    assert 0 < CASES[name]["new"]["from"] <= max(quiet_at)


@pytest.mark.parametrize("stack", STACKS)
def test_rules_know_all_deployments_and_stateful_sets_of_the_stack_and_no_other(stack: str) -> None:
    made = record("production", {**OPERATOR, **STACKS[stack]})
    kinds = {"deployment": "Deployment", "statefulset": "StatefulSet", "cronjob": "CronJob"}
    objects = {label: {item["metadata"]["name"] for item in made.all(kind)} for label, kind in kinds.items()}
    named: dict[str, set[str]] = {label: set() for label in OBJECT_LABELS}
    for name, rule in rules_of(stack).items():
        for item in selectors(rule["expr"]):
            for matcher in item.matchers:
                if matcher.label in OBJECT_LABELS:
                    assert matcher.op == "="
                    assert matcher.value in objects[matcher.label], name
                    named[matcher.label].add(matcher.value)
    assert named["deployment"] == objects["deployment"]
    assert named["statefulset"] == objects["statefulset"]


@pytest.mark.parametrize("interval", [10, 30, 60, 120])
def test_what_is_not_seen_must_be_away_for_longer_than_two_scrapes(interval: int) -> None:
    made = record("production", {**OPERATOR, "monitoring": {"interval": interval}}).one("PrometheusRule", "flagsmith")
    waits = {rule["alert"]: rule.get("for", "0m") for group in made["spec"]["groups"] for rule in group["rules"]}
    for name in filter(fires_on_nothing, waits):
        assert int(waits[name].removesuffix("m")) * 60 >= max(120, 2 * interval), name


def test_the_rules_come_after_what_they_watch() -> None:
    made = record("production", OPERATOR)
    rule = made.object("PrometheusRule", "flagsmith")
    assert {f"Deployment/{item['metadata']['name']}" for item in made.all("Deployment")} | {
        "StatefulSet/flagsmith-postgres",
        "CronJob/flagsmith-backup",
    } <= made.needed_by(rule)


EXTERNAL = {
    "FlagsmithDatabaseDown": ("pg_up", "database-exporter", "flagsmith-postgres-exporter"),
    "FlagsmithRedisDown": ("redis_up", "cache-exporter", "flagsmith-redis-exporter"),
}
TRIALS = {
    # What the exporter says, whether it is scraped, how many of its pods are ready; when the alert fires, and when not.
    "it answers": ("1x90", "1x90", "1x90", [], [5, 80]),
    "it does not answer": ("1x4 0+0x90", "1x90", "1x90", [8, 80], [4]),
    "it does not, then the exporter goes": (
        "1x4 0+0x9 stale",
        "1x13 stale",
        "1x13 0+0x90",
        [8, 14, 60],
        [4, 78],
    ),
    "the exporter goes": ("1x9 stale", "1x9 stale", "1x9 0+0x90", [], [5, 15, 80]),
    "the exporter is not seen for the first time": ("_x90", "_x90", "1x90", [], [5, 80]),
    "it hangs, so that no scrape ends": ("1x9 stale", "1x9 0+0x90", "1x90", [14, 80], [9]),
    "the exporter fails": ("1x9 stale", "1x9 0+0x90", "1x9 0+0x90", [], [14, 80]),
}


@pytest.mark.parametrize("name", EXTERNAL)
@pytest.mark.parametrize("trial", TRIALS)
def test_a_server_outside_is_down_when_its_exporter_says_so_last_not_when_that_is_gone(
    name: str, trial: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    metric, component, deployment = EXTERNAL[name]
    said, scraped, ready, fires_at, quiet_at = TRIALS[trial]
    rule = rules_of("servers outside the cluster")[name]
    here = 'namespace="feature-flags"'
    labels = {"alertname": name, "alertstate": "firing", "severity": rule["labels"]["severity"]}
    firing = "ALERTS{" + ", ".join(f"{key}={json.dumps(value)}" for key, value in labels.items()) + "}"
    checks: list[tuple[int, list[dict[str, Any]]]] = [(at, [{"labels": firing, "value": 1}]) for at in fires_at]
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{metric}{{{here},pod="a"}}', "values": said},
            {"series": f'up{{{here},component="{component}",pod="a"}}', "values": scraped},
            {"series": f'kube_deployment_status_replicas_ready{{{here},deployment="{deployment}"}}', "values": ready},
        ],
        "promql_expr_test": [
            {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{at}m", "exp_samples": expected}
            for at, expected in checks + [(at, []) for at in quiet_at]
        ],
    }
    assert "SUCCESS" in promtool(program, "test", "rules", write(tmp_path, [rule], [test]))


@pytest.mark.parametrize(
    ("which", "label", "says"),
    [
        ("fires", "deployment", "The Deployment flagsmith-task-processor has 1 available pods, fewer than wanted."),
        ("gone", "deployment", "The Deployment flagsmith has 0 available pods, fewer than wanted."),
        ("stateful", "statefulset", "The StatefulSet flagsmith-postgres has 0 available pods, fewer than wanted."),
    ],
)
def test_missing_pods_are_told_by_what_they_are_of(
    which: str, label: str, says: str, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    rule = rules()["FlagsmithReplicasMissing"]
    test = unit("FlagsmithReplicasMissing", which)
    at = test.pop("promql_expr_test")[0]["eval_time"]
    expected = {
        "exp_labels": {"severity": "warning", label: says.split()[2]},
        "exp_annotations": {**rule["annotations"], "description": says},
    }
    test["alert_rule_test"] = [{"eval_time": at, "alertname": "FlagsmithReplicasMissing", "exp_alerts": [expected]}]
    assert "SUCCESS" in promtool(program, "test", "rules", write(tmp_path, [rule], [test]))


def test_both_sides_of_a_zero_have_the_same_labels() -> None:
    assert or_zero("max(a)") == "(max(a) or vector(0))"
    assert (
        or_zero("max by (b) (a)", provided="c", b="x")
        == '(max by (b) (a) or (label_replace(vector(0), "b", "x", "", "") and on () c))'
    )
    assert held("max(a)", "2h") == "(max(a) or last_over_time((max(a))[2h:1m]))"
