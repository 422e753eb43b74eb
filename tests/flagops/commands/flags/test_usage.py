"""`ff flags usage`: how often each flag was evaluated, and which ones nobody uses."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flagops.commands.flags.usage.usage import FlagUsage, sparkline
from tests.doubles.flagsmith.looking import sum_up
from tests.flagops.commands.flags.support import EXAMPLE, URL, Project, Run

pytestmark = pytest.mark.skipif(URL in os.environ, reason="a real Flagsmith sums up once an hour only")
TODAY = datetime.now(UTC).date()
FEW = """
project: FootAnalytics
environments: [development, staging, production]
flags:
  old_flag: {description: Of long ago., owner: web-team, kind: ops, enabled: true}
"""


@pytest.fixture
def used(server: Project) -> Project:
    """A project with two flags that are used, and two that are not, of which one is archived."""
    for name in ("busy_flag", "rare_flag", "old_flag", "archived_flag"):
        row = server.client.post("/api/v1/projects/1/features/", {"name": name})
        if name == "archived_flag":
            server.client.patch(f"/api/v1/projects/1/features/{row['id']}/", {"is_archived": True})
    assert server.double
    server.double.database.one("features", name="old_flag")["created_date"] = "2024-01-31T12:00:00Z"
    report(server, "production", {"busy_flag": 40, "rare_flag": 1}, TODAY - timedelta(days=2))
    report(server, "production", {"busy_flag": 80, "archived_flag": 3}, TODAY)
    report(server, "staging", {"busy_flag": 7}, TODAY)
    report(server, "staging", {"busy_flag": 1000}, TODAY - timedelta(days=30))
    return server


def report(project: Project, environment: str, counts: dict[str, int], day: date) -> None:
    """As an SDK reports what it evaluated, and the task processor sums it up on that day."""
    key = project.environments()[environment]
    httpx.post(f"{project.url}/api/v1/analytics/flags/", json=counts, headers={"X-Environment-Key": key})
    assert project.double
    sum_up(project.double.database, day)


def ask(run: Run, project: Project, *arguments: str) -> Any:
    return run("flags", "usage", "--url", project.url, *arguments)


def test_each_flag_is_shown_by_day_and_the_unused_ones_last(used: Project, run: Run, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(FEW, encoding="utf-8")
    shown = ask(run, used, "--days", "4", "--catalogue", str(catalogue))
    assert shown.exit_code == 0, shown.stderr
    first = TODAY - timedelta(days=3)
    assert [line.split() for line in shown.stdout.splitlines() if line] == [
        ["FLAG", "TOTAL", "LAST", "USED", str(first), "TO", str(TODAY)],
        ["busy_flag", "127", str(TODAY), "·▄·█"],
        ["archived_flag", "(archived)", "3", str(TODAY), "···█"],
        ["rare_flag", "1", str(TODAY - timedelta(days=2)), "·█··"],
        f"Not used since {first} in development, staging, production:".split(),
        ["FLAG", "AGE", "OWNER"],
        ["old_flag", str((TODAY - date(2024, 1, 31)).days), "days", "web-team"],
    ]


def test_one_flag_in_one_environment_for_programs(used: Project, run: Run) -> None:
    found = json.loads(ask(run, used, "--flag", "busy_flag", "-e", "staging", "--days", "31", "--json").stdout)
    assert found["environments"] == ["staging"]
    (flag,) = found["flags"]
    days = {str(TODAY - timedelta(days=30)): 1000, str(TODAY): 7}
    assert (flag["total"], flag["days"], found["counted"], found["unused"]) == (1007, days, True, [])


def test_the_period_ends_today(used: Project, run: Run) -> None:
    found = json.loads(ask(run, used, "--days", "1", "--json").stdout)
    assert [(flag["name"], flag["total"]) for flag in found["flags"]] == [
        ("busy_flag", 87),
        ("archived_flag", 3),
        ("old_flag", 0),
        ("rare_flag", 0),
    ]
    assert [flag["name"] for flag in found["flags"] if flag["archived"]] == ["archived_flag"], "it is served"
    assert found["unused"] == ["old_flag", "rare_flag"], "the oldest first"


def test_without_any_count_it_is_said_how_there_would_be_some(applied: Project, run: Run) -> None:
    shown = ask(run, applied, "--catalogue", str(EXAMPLE))
    assert shown.exit_code == 0
    assert "Nothing was counted at all." in shown.stderr
    assert "USE_POSTGRES_FOR_ANALYTICS" in shown.stderr
    assert "hebrew_ui_enabled" in shown.stdout
    assert json.loads(ask(run, applied, "--json").stdout)["counted"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--flag", "busy"), "There is no flag 'busy' in the project; near it: busy_flag."),
        (("-e", "testing"), "There is no environment 'testing'"),
    ],
)
def test_what_is_not_there_is_named(used: Project, run: Run, arguments: tuple[str, ...], message: str) -> None:
    shown = ask(run, used, *arguments)
    assert (shown.exit_code, message in shown.stderr) == (1, True)


def test_a_project_with_many_flags_says_how_much_is_asked(
    server: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flagops.commands.flags.usage.command.MANY", 2)
    server.client.post("/api/v1/projects/1/features/", {"name": "only_flag"})
    assert "Asking for 3 counts" in ask(run, server).stderr


@pytest.mark.parametrize(
    ("counts", "line"), [((), "···"), ((1, 1, 1), "███"), ((0, 1, 1000), "·▁█"), ((100, 50, 0), "█▅·")]
)
def test_a_sparkline_is_as_high_as_the_share_of_the_busiest_day(counts: tuple[int, ...], line: str) -> None:
    days = [date(2026, 1, day) for day in (1, 2, 3)]
    item = FlagUsage("flag", {day: count for day, count in zip(days, counts, strict=False) if count}, days[0])
    assert sparkline(item, days) == line
