"""What queries of guards give, by promtool: those that come along, and the way of saying 0 that the docs show."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.rollouts.in_pod.judge import NONE_IS_ZERO
from flagops.commands.flags.catalogue.guards import SHIPPED
from tests.recording import ROOT

REQUESTS = "flagsmith_http_server_requests_total"
EVENTS = "sum by (arm) (increase(failed_total[10m]))"
TOTAL = "sum by (arm) (increase(done_total[10m]))"
GROWS = "0+60x20"


@pytest.fixture
def gives(program: Callable[[str, str], str], tmp_path: Path) -> Callable[..., None]:
    """Requires that a query gives these samples, by their labels, of series that have a sample a minute."""
    promtool = program("promtool", "prometheus")

    def check(query: str, series: dict[str, str], expected: dict[str, float]) -> None:
        samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
        test: dict[str, Any] = {
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": query, "eval_time": "20m", "exp_samples": samples}],
        }
        path = tmp_path / "test.yaml"
        path.write_text(yaml.safe_dump({"tests": [test]}), encoding="utf-8")
        done = subprocess.run(
            [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return check


def test_the_platform_s_errors_are_0_without_one_and_nothing_where_nobody_counts(gives: Callable[..., None]) -> None:
    query = SHIPPED["platform-errors"].query
    fine, failed = (f'{REQUESTS}{{response_status="{status}"}}' for status in ("200", "503"))
    gives(query, {fine: GROWS, failed: GROWS}, {"{}": 0.5})
    gives(query, {fine: GROWS}, {"{}": 0})
    gives(query, {failed: GROWS}, {"{}": 1})
    gives(query, {}, {})
    # A release that calls the label otherwise: that there are none is nobody's word.
    gives(query, {f'{REQUESTS}{{status="503"}}': GROWS}, {})


def test_an_arm_without_an_error_has_none_and_by_the_way_that_the_docs_show_it_has_0(
    gives: Callable[..., None],
) -> None:
    series = {'failed_total{arm="on"}': GROWS, 'done_total{arm="on"}': GROWS, 'done_total{arm="off"}': GROWS}
    gives(EVENTS, series, {'{arm="on"}': 600})
    gives(f"{EVENTS} or 0 * {TOTAL}", series, {'{arm="on"}': 600, '{arm="off"}': 0})
    # Only where that metric is there at all: one that is spelt wrongly is not success.
    careful = f"{EVENTS} or 0 * ({TOTAL} and on () group(failed_total))"
    gives(careful, series, {'{arm="on"}': 600, '{arm="off"}': 0})
    gives(careful.replace("failed_total", "faild_total"), series, {})
    gives(f"{EVENTS} or 0 * {TOTAL}", {}, {})


def test_the_docs_and_the_message_show_that_way() -> None:
    assert "`or 0 * (TOTAL)`" in NONE_IS_ZERO
    docs = (ROOT / "docs" / "rollouts.md").read_text(encoding="utf-8")
    assert "or 0 * sum by (new_checkout) (increase(checkout_total[$window]))" in docs
    assert "and on () group(checkout_failed_total)" in docs
