"""The dashboards: stable, described, with the alerts' limits, and as Grafana's own types want them."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.monitoring.dashboards.build import documents
from components.monitoring.dashboards.model import Dashboard, uid
from components.settings.sections.monitoring.thresholds import Thresholds
from tests.components.monitoring.dashboards.conftest import EVERYTHING
from tests.recording import ROOT

Boards = dict[Dashboard, dict[str, Any]]
TYPES = ROOT / "tools" / "grafana-schema"


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def test_a_second_run_changes_nothing_and_all_fit_into_a_config_map() -> None:
    first = documents(EVERYTHING)
    assert first == documents(EVERYTHING)
    assert list(first) == list(Dashboard)
    assert all(len(text.encode()) < 200_000 for text in first.values())


def test_ids_are_stable_and_each_stack_has_its_own(boards: Boards) -> None:
    assert {which: board["uid"] for which, board in boards.items()} == {
        Dashboard.SERVICE: "flagsmith-service-1c0817d065",
        Dashboard.DATA: "flagsmith-data-1c0817d065",
        Dashboard.FLAGS: "flagsmith-flags-1c0817d065",
    }
    others = documents(replace(EVERYTHING, namespace="flags-of-another-team"))
    assert not {json.loads(text)["uid"] for text in others.values()} & {board["uid"] for board in boards.values()}
    assert not {json.loads(text)["title"] for text in others.values()} & {board["title"] for board in boards.values()}
    assert all(len(uid(which, "n" * 63)) <= 40 for which in Dashboard)


def test_every_panel_has_title_description_unit_source_and_an_id_of_its_own(boards: Boards) -> None:
    for which, board in boards.items():
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids), which
        for panel in panels(board):
            assert panel["title"], which
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_no_two_panels_lie_on_each_other_and_none_leaves_the_page(boards: Boards) -> None:
    for which, board in boards.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24, (which, panel["title"])
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, (which, panel["title"])
            taken |= cells


def test_they_open_with_the_stacks_namespace_and_lead_to_each_other_and_to_the_runbook(boards: Boards) -> None:
    for board in boards.values():
        variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        assert variables["namespace"]["current"]["value"] == "feature-flags"
        assert variables["datasource"]["query"] == "prometheus"
        (others, runbook) = board["links"]
        assert others["type"] == "dashboards"
        assert set(others["tags"]) <= set(board["tags"])
        assert runbook["url"] == EVERYTHING.runbook_url


def limits(board: dict[str, Any]) -> dict[str, float]:
    """The limits of the panels that have one."""
    found = {}
    for panel in panels(board):
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        if len(steps) > 1:
            found[panel["title"]] = steps[-1]["value"]
    return found


def test_limits_are_those_of_the_alerts() -> None:
    thresholds = Thresholds.model_validate(
        {
            "latencySeconds": 0.7,
            "errorPercent": 0.3,
            "sdkErrorPercent": 3,
            "cpuPercent": 71,
            "memoryPercent": 72,
            "cacheMissPercent": 31,
            "tasksWaiting": 7,
            "taskWaitSeconds": 77,
            "connectionsPercent": 61,
            "evictionsPerSecond": 5,
            "volumePercent": 73,
            "edgeProxies": 3,
        }
    )
    facts = replace(EVERYTHING, thresholds=thresholds, backup_max_age_hours=2, edge_stale_seconds=410)
    found = {which: limits(json.loads(text)) for which, text in documents(facts).items()}
    assert found[Dashboard.SERVICE] == {
        "Age of documents": 410,
        "Age of documents by proxy": 410,
        "Errors": 3,
        "p99 of SDK endpoints": 0.7,
        "Replicas missing": 1,
        "Documents not cached": 31,
        "p99 by SDK endpoint": 0.7,
        "Proxies with documents": 3,
        "Restarts of proxies": 1,
        "Proxies": 3,
        "CPU of proxies": 1,
        "CPU": 71,
        "Memory": 72,
        "Queue": 7,
        "Oldest task": 77,
    }
    assert found[Dashboard.DATA] == {
        "Up": 1,
        "Connections": 61,
        "Connections used": 61,
        "Evictions": 5,
        "Keys dropped": 5,
        "Used": 73,
        "Servers": 2,
        "Last backup": 7200,
        "Suspended": 1,
        "Age of the last backup": 7200,
        "Exported": 1,
        "Oldest entry": 900,
        "Refused": 1,
        "Age of the oldest entry": 900,
    }
    assert found[Dashboard.FLAGS] == {"Collected": 1, "Looks go well": 1, "Paused": 1}


def test_what_has_no_metrics_has_no_panels() -> None:
    nothing = replace(
        EVERYTHING,
        postgres_metrics=False,
        redis_metrics=False,
        embedded_postgres=False,
        cluster=None,
        flag_metrics=False,
        audit_export=False,
        edge=False,
    )
    (text,) = documents(nothing).values()
    assert "flagsmith_task_queue" not in text
    assert "flagsmith-edge" not in text
    assert "flagsmith-edge" in documents(replace(nothing, edge=True, edge_stale_seconds=None))[Dashboard.SERVICE]
    assert "flagsmith_edge_" not in documents(replace(nothing, edge=True, edge_stale_seconds=None))[Dashboard.SERVICE]
    outside = replace(EVERYTHING, embedded_postgres=False, cluster=None)
    external = documents(replace(outside, redis_metrics=False, backup_max_age_hours=None))
    assert not [word for word in ("redis_", "kubelet_volume", "cronjob") if word in external[Dashboard.DATA]]
    assert "pg_up" in external[Dashboard.DATA]
    assert "flagsmith_audit_" in external[Dashboard.DATA]
    assert "flagsmith_rollout" not in documents(replace(EVERYTHING, rollouts=False))[Dashboard.FLAGS]
    assert "flagsmith_audit_" not in documents(replace(EVERYTHING, audit_export=False))[Dashboard.DATA]


def test_the_library_is_loaded_only_to_build_them() -> None:
    program = (
        "import sys, components.monitoring.dashboards.component; "
        "print([m for m in sys.modules if 'grafana_foundation' in m])"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.fixture(scope="session")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with Grafana's types and the compiler."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: sudo apt-get install npm")
    place = tmp_path_factory.mktemp("types") / "check"
    shutil.copytree(TYPES, place, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=place, check=True, capture_output=True)
    return place


MISTAKES = {
    '"type": "timeseries"': '"type": "graph"',
    '"showPoints": "never"': '"showPoints": "sometimes"',
    '"schemaVersion": ': '"schemeVersion": ',
    '"refId": "A"': '"refId": 1',
    '"colorMode": "value"': '"colorMode": "text"',
}


@pytest.fixture(scope="module")
def refused(types: Path) -> set[str]:
    """Of all dashboards, and of one with each mistake, by their names: in which the compiler finds an error."""
    text = documents(EVERYTHING)[Dashboard.SERVICE]
    boards = {str(which): board for which, board in documents(EVERYTHING).items()}
    boards |= {f"mistake-{number}": text.replace(*pair, 1) for number, pair in enumerate(MISTAKES.items())}
    for name, board in boards.items():
        code = f"import type {{ Dashboard }} from './dashboard';\nexport const board: Dashboard = {board};\n"
        (types / f"board-{name}.ts").write_text(code, encoding="utf-8")
    said = subprocess.run(["npx", "tsc"], cwd=types, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^([^( ]+)\(\d+,\d+\): error TS", said, re.MULTILINE)
    # One of the configuration has no file, and the lines that explain one are indented.
    assert len(found) == len(re.findall(r"^\S", said, re.MULTILINE)) > 0, said
    return {path.removeprefix("board-").removesuffix(".ts") for path in found}


def test_they_are_what_grafanas_types_say_a_dashboard_is(refused: set[str]) -> None:
    assert {name for name in refused if not name.startswith("mistake-")} == set()


@pytest.mark.parametrize(("number", "right"), list(enumerate(MISTAKES)))
def test_the_types_find_mistakes(number: int, right: str, refused: set[str]) -> None:
    assert right in documents(EVERYTHING)[Dashboard.SERVICE]
    assert f"mistake-{number}" in refused
