"""The checker of expressions, and the scrapes that it knows."""

from pathlib import Path

import pytest

from tests.metrics import SCRAPES, mistakes, named_labels, parse_scrape, selectors


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        ("rate(flagsmith_flag_evaluations_total[5m])", "no scrape has the metric flagsmith_flag_evaluations_total"),
        (
            'flagsmith_environment_document_cache_queries_total{result="hit"}',
            "no series of flagsmith_environment_document_cache_queries_total matches result='hit'",
        ),
        ("redis_up{server='x'}", "redis_up has no label server, only "),
        ("sum by (path) (pg_up)", "no metric of 'sum by (path) (pg_up)' has the label path"),
        ("pg_up * on (pod) group_left (zone) up", "has the label zone"),
        ('flagsmith_http_server_requests_total{response_status=~"7.."}', "matches response_status=~'7..'"),
    ],
)
def test_what_no_scrape_has_is_a_mistake(expression: str, mistake: str) -> None:
    (found,) = mistakes(expression)
    assert mistake in found


@pytest.mark.parametrize(
    "expression",
    [
        'sum by (route) (rate(flagsmith_http_server_requests_total{namespace="a", response_status=~"5.."}[5m]))',
        "histogram_quantile(0.99, sum by (le) (rate(flagsmith_http_server_request_duration_seconds_bucket[5m])))",
        'label_replace(up{component="api"}, "who", "$1", "pod", "(.*)") * on (who) up',
        'kube_job_failed{condition="true"} unless on (job_name) kube_job_created',
        "redis_memory_used_bytes > 1",
    ],
)
def test_what_there_is_is_no_mistake(expression: str) -> None:
    assert mistakes(expression) == []


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        mistakes("sum(up")


def test_every_selector_and_label_of_an_expression_is_found() -> None:
    expression = 'a{x="1"} / on (y) group_left (z) max without (w) (b offset 5m) > 2 or absent(c{v=~"d"})'
    assert [(item.metric, [m.label for m in item.matchers]) for item in selectors(expression)] == [
        ("a", ["x"]),
        ("b", []),
        ("c", ["v"]),
    ]
    assert named_labels(expression) == {"y", "z", "w"}


def test_labels_with_escapes_and_timestamps_are_read() -> None:
    found = parse_scrape('# HELP a b\na{x="1\\"}",y="2"} 3 1700000000000\nb 4e+08\n')
    assert found.names == {"a": {"x": frozenset({'1\\"}'}), "y": frozenset({"2"})}, "b": {}}


@pytest.mark.parametrize("path", sorted(SCRAPES.glob("*.txt")), ids=lambda path: path.stem)
def test_every_scrape_says_where_it_is_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert any(character.isdigit() for character in text.splitlines()[0]), "its first line names the version"
    assert parse_scrape(text).names
