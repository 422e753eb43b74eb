"""No panel is empty: every query of every dashboard finds something in the recorded scrapes, in a real Prometheus."""

from typing import Any

import pytest

from components.monitoring.dashboards.model import Dashboard
from tests.components.monitoring.dashboards.conftest import Prometheus

VARIABLES = {
    "$__rate_interval": "5m",
    "$__range": "10m",
    "$namespace": "feature-flags",
    "$project": ".*",
    "$environment": ".*",
    "$feature": ".*",
}


def substituted(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


@pytest.mark.parametrize("which", list(Dashboard))
def test_every_query_of_every_panel_has_data(
    which: Dashboard, boards: dict[Dashboard, dict[str, Any]], prometheus: Prometheus
) -> None:
    asked, empty = 0, []
    for panel in boards[which]["panels"]:
        for target in panel.get("targets", []):
            expression = substituted(target["expr"])
            assert "$" not in expression, panel["title"]
            found = prometheus.ask(expression)
            asked += 1
            values = [item["value"][1] for item in found]
            if not values or "NaN" in values:
                empty.append(f"{panel['title']}: {expression} -> {values}")
    assert asked >= 15
    assert not empty, "\n".join(empty)


@pytest.mark.parametrize("which", list(Dashboard))
def test_every_variable_has_values(
    which: Dashboard, boards: dict[Dashboard, dict[str, Any]], prometheus: Prometheus
) -> None:
    found = {}
    for variable in boards[which]["templating"]["list"]:
        if variable["type"] == "query":
            query = substituted(variable["query"]["query"])
            selected, _, label = query.removeprefix("label_values(").removesuffix(")").rpartition(", ")
            found[variable["name"]] = {
                item["metric"][label] for item in prometheus.ask(f"group by ({label}) ({selected})")
            }
    assert found["namespace"] == {"feature-flags"}
    assert all(found.values()), found


def test_a_query_of_another_namespace_finds_nothing(
    boards: dict[Dashboard, dict[str, Any]], prometheus: Prometheus
) -> None:
    for board in boards.values():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                expression = substituted(target["expr"].replace("$namespace", "another"))
                found = [item["value"][1] for item in prometheus.ask(expression)]
                assert set(found) <= {"0"}, f"{panel['title']}: {expression}"
