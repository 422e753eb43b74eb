"""The smoke tests pass for a Flagsmith that is well, fail for a broken one, and leave nothing behind."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import Result as CliResult

from ops.smoke import http, round_trip, suite
from ops.smoke.keys import open_keys
from ops.smoke.model import Outcome, Place, Result
from tests.doubles.flagsmith import Flagsmith, serve

Run = Callable[..., CliResult]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(round_trip, "POLL_SECONDS", 0.2)


@pytest.fixture
def place(flagsmith: Flagsmith) -> Place:
    return Place(
        url=flagsmith.url,
        environment="development",
        version="2.265.0",
        staleness=0.5,
        authenticate=lambda client: client.log_in(flagsmith.email, flagsmith.password),
        project="footanalytics-platform",
        seconds=1,
    )


@pytest.fixture
def api_key(flagsmith: Flagsmith, monkeypatch: pytest.MonkeyPatch) -> str:
    flagsmith.database.api_keys.add("an-organisation-s-key")
    monkeypatch.setenv("FLAGSMITH_API_KEY", "an-organisation-s-key")
    return "an-organisation-s-key"


def outcomes(place: Place, *names: str) -> dict[str, Result]:
    with open_keys(place) as keys:
        return {result.name: result for result in suite.run(place, keys, names or suite.chosen([]))}


def failed(place: Place, *names: str) -> dict[str, str]:
    return {name: found.detail for name, found in outcomes(place, *names).items() if found.outcome is Outcome.FAILED}


def test_a_flagsmith_that_is_well_passes_and_keeps_nothing_of_it(flagsmith: Flagsmith, place: Place) -> None:
    found = outcomes(place)
    assert {name for name, result in found.items() if result.outcome is Outcome.SKIPPED} == {"certificate", "redirect"}
    assert [result for result in found.values() if result.outcome is Outcome.FAILED] == []
    assert flagsmith.database.rows("features") == []
    assert flagsmith.database.rows("server_keys") == []
    assert flagsmith.requests["POST", "/api/v1/projects/1/features/"] == 1


def test_a_server_that_answers_500_fails(flagsmith: Flagsmith, place: Place) -> None:
    flagsmith.failing["/api/v1/flags/"] = 500
    problems = failed(place, "liveness", "flags", "wrong-key", "no-key")
    assert problems.keys() == {"flags", "wrong-key", "no-key"}
    assert "has status 500, not 200" in problems["flags"]


def test_a_server_that_hangs_fails_in_time(flagsmith: Flagsmith, place: Place) -> None:
    flagsmith.hanging.add("/api/v1/flags/")
    found = outcomes(place, "flags", "liveness")
    assert found["liveness"].outcome is Outcome.PASSED
    assert "was not answered within" in found["flags"].detail
    assert found["flags"].seconds < 10


def test_a_server_that_is_slow_to_come_up_is_waited_for(flagsmith: Flagsmith, place: Place) -> None:
    flagsmith.failing["/health"] = 503

    def comes_up(found: Flagsmith) -> bool:
        return found.requests["GET", "/health/readiness/"] >= 3

    flagsmith.until = comes_up
    assert failed(replace(place, seconds=10), "readiness") == {}


def test_stale_flags_fail_the_round_trip(flagsmith: Flagsmith, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "MARGIN", 0.5)
    assert failed(place, "flags") == {}
    flagsmith.stale = True
    problems = failed(place, "round-trip")
    assert "after the flag appeared it does not show remotely" in problems["round-trip"]
    assert flagsmith.database.rows("features") == [], "the flag is removed all the same"


def test_another_version_than_the_deployed_one_fails(place: Place) -> None:
    problems = failed(replace(place, version="2.264.0"), "version")
    assert problems["version"] == "it is 2.265.0, and the settings say 2.264.0: was it rolled out?"


def test_the_page_for_unknown_paths_is_not_taken_for_an_answer(flagsmith: Flagsmith, place: Place) -> None:
    flagsmith.replaced["/health/liveness/"] = "/no/such/path/"
    problems = failed(place, "liveness")
    assert "is text/html, not application/json: this is the user interface's page" in problems["liveness"]


def test_a_server_without_the_user_interface_fails_unless_that_is_skipped(place: Place) -> None:
    with serve(Flagsmith(with_ui=False)) as bare:
        assert "has status 404, not 200" in failed(replace(place, url=bare.url), "ui")["ui"]
    assert "ui" not in suite.chosen(["ui"])


def test_nothing_that_listens_fails(place: Place) -> None:
    with serve(Flagsmith()) as ended:
        url = ended.url
    assert "refused" in failed(replace(place, url=url), "liveness")["liveness"]


def test_flags_of_killed_runs_are_removed_and_those_of_running_ones_kept(flagsmith: Flagsmith, place: Place) -> None:
    with open_keys(place) as keys:
        for name in ("ff_smoke_old", "ff_smoke_new", "my_ff_smoke_flag"):
            keys.admin.post("/api/v1/projects/1/features/", {"name": name})
        for name in ("ff_smoke_old", "my_ff_smoke_flag"):
            old = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
            flagsmith.database.one("features", name=name)["created_date"] = old
        round_trip.remove_left_overs(keys, 1)
    assert [row["name"] for row in flagsmith.database.rows("features")] == ["ff_smoke_new", "my_ff_smoke_flag"]


@pytest.mark.usefixtures("api_key")
def test_the_command_with_an_address_alone(flagsmith: Flagsmith, key: str, run: Run, tmp_path: Path) -> None:
    report = tmp_path / "reports" / "smoke.xml"
    wanted = ("--url", flagsmith.url, "--environment-key", key, "--expect-version", "2.265.0", "--timeout", "5")
    shown = run("smoke", *wanted, "--skip", "round-trip", "--junit", str(report), "--json")
    assert shown.exit_code == 0, shown.stderr
    found = {item["name"]: item["outcome"] for item in json.loads(shown.stdout)}
    assert found["flags"] == found["environment-document"] == "passed"
    assert "round-trip" not in found
    suite_element = ElementTree.parse(report).getroot()
    assert (suite_element.get("tests"), suite_element.get("failures"), suite_element.get("skipped")) == ("12", "0", "2")
    assert key not in shown.stderr


def test_without_an_administrator_what_needs_one_is_skipped(
    flagsmith: Flagsmith, key: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLAGSMITH_API_KEY", raising=False)
    shown = run("smoke", "--url", flagsmith.url, "--environment-key", key, "--json")
    assert shown.exit_code == 0
    found = {item["name"]: item["outcome"] for item in json.loads(shown.stdout)}
    skipped = {"environment-document", "log-in", "round-trip", "certificate", "redirect"}
    assert {name for name, outcome in found.items() if outcome == "skipped"} == skipped


def test_a_failure_is_a_table_an_exit_code_and_a_line_in_the_report(
    flagsmith: Flagsmith, key: str, run: Run, tmp_path: Path
) -> None:
    report = tmp_path / "smoke.xml"
    wanted = ("--url", flagsmith.url, "-k", key, "--expect-version", "2.0.0", "--skip", "round-trip")
    shown = run("smoke", *wanted, "--junit", str(report))
    assert shown.exit_code == 1
    assert "it is 2.265.0, and the settings say 2.0.0" in shown.stdout
    assert "1 failed" in shown.stderr
    assert "ff doctor" in shown.stderr
    failures = ElementTree.parse(report).getroot().findall("testcase/failure")
    assert [failure.get("message") for failure in failures] == [
        "it is 2.265.0, and the settings say 2.0.0: was it rolled out?"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "localhost:8000"), "must be http:// or https://, a host, and no path"),
        (("--url", "http://localhost:8000/api/v1"), "must be http:// or https://, a host, and no path"),
        (("--url", "http://localhost:1"), "Nothing here knows a key of this Flagsmith"),
        (("--skip", "frontend"), "There is no check 'frontend' to skip"),
    ],
)
def test_wrong_input_is_named(
    arguments: tuple[str, ...], message: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLAGSMITH_API_KEY", raising=False)
    if message.startswith("must"):
        monkeypatch.setenv("FLAGSMITH_API_KEY", "key")
    shown = run("smoke", *arguments)
    assert shown.exit_code == 1
    assert message in shown.stderr
