"""The smoke tests pass for a Flagsmith that is well, fail for a broken one, and leave nothing behind."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import Result as CliResult

from flagops.commands.smoke import http, removal, round_trip, suite
from flagops.commands.smoke import visit as visiting
from flagops.commands.smoke.makes import Maker
from flagops.commands.smoke.model import CheckFailedError, CheckResult, CheckStatus, SmokeTarget
from flagops.commands.smoke.visit import visit
from tests.doubles.flagsmith import Flagsmith, serve

Run = Callable[..., CliResult]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 3.0)
    monkeypatch.setattr(http, "START_SECONDS", 2.0)
    for module in (visiting, round_trip):
        monkeypatch.setattr(module, "MARGIN", 0.5)


@pytest.fixture
def place(flagsmith: Flagsmith) -> SmokeTarget:
    return SmokeTarget(
        url=flagsmith.url,
        environment="development",
        version="2.265.0",
        staleness=0.5,
        authenticate=lambda client: client.log_in(flagsmith.email, flagsmith.password),
        project="footanalytics-platform",
        seconds=120,
    )


@pytest.fixture
def api_key(flagsmith: Flagsmith, monkeypatch: pytest.MonkeyPatch) -> str:
    flagsmith.database.api_keys.add("an-organisation-s-key")
    monkeypatch.setenv("FLAGSMITH_API_KEY", "an-organisation-s-key")
    return "an-organisation-s-key"


def outcomes(place: SmokeTarget, *names: str) -> dict[str, CheckResult]:
    with visit(place) as visited:
        return {result.name: result for result in suite.run(visited, names or suite.chosen([]))}


def made(flagsmith: Flagsmith) -> list[str]:
    """What there is of anything that smoke tests make."""
    rows = [flagsmith.database.rows(table) for table in ("features", "segments", "server_keys", "identities", "states")]
    return [str(row.get("name") or row.get("identifier") or row) for found in rows for row in found]


def failed(place: SmokeTarget, *names: str) -> dict[str, str]:
    return {
        name: found.detail for name, found in outcomes(place, *names).items() if found.outcome is CheckStatus.FAILED
    }


def test_a_flagsmith_that_is_well_passes_and_keeps_nothing_of_it(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    found = outcomes(place)
    skipped = {name for name, result in found.items() if result.outcome is CheckStatus.SKIPPED}
    assert skipped == {"values", "certificate", "redirect", "unpublished", "further-names", "edge", "edge-documents"}
    assert [result for result in found.values() if result.outcome is CheckStatus.FAILED] == []
    assert made(flagsmith) == []
    assert flagsmith.requests["POST", "/api/v1/projects/1/features/"] == 3


def test_an_environment_that_keeps_versions_passes(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    with visit(place) as visited:
        visited.keys.admin.post(f"/api/v1/environments/{visited.keys.client_side}/enable-v2-versioning/", {})
    assert failed(place) == {}
    assert made(flagsmith) == []


def test_a_server_that_answers_500_fails(
    flagsmith: Flagsmith, place: SmokeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "START_SECONDS", 0.5)
    flagsmith.failing["/api/v1/flags/"] = 500
    problems = failed(place, "liveness", "flags", "wrong-key", "no-key")
    assert problems.keys() == {"flags", "wrong-key", "no-key"}
    assert "has status 500, not 200" in problems["flags"]


def test_a_server_that_hangs_fails_in_time(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    flagsmith.hanging.add("/api/v1/flags/")
    found = outcomes(place, "flags", "liveness")
    assert found["liveness"].outcome is CheckStatus.PASSED
    assert "was not answered within" in found["flags"].detail
    assert found["flags"].seconds < 10


def test_a_server_that_is_slow_to_come_up_is_waited_for(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    flagsmith.failing["/health"] = 503

    def comes_up(found: Flagsmith) -> bool:
        return found.requests["GET", "/health/readiness/"] >= 3

    flagsmith.until = comes_up
    assert failed(replace(place, seconds=10), "readiness") == {}


def test_stale_flags_fail_the_round_trip(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    assert failed(place, "flags") == {}
    flagsmith.stale = True
    problems = failed(place, "round-trip")
    assert "after the flags were made: " in problems["round-trip"]
    assert made(flagsmith) == [], "what was made is removed all the same"


def test_another_version_than_the_deployed_one_fails(place: SmokeTarget) -> None:
    problems = failed(replace(place, version="2.264.0"), "version")
    assert problems["version"] == "it is 2.265.0, and the settings say 2.264.0: was it rolled out?"


def test_the_page_for_unknown_paths_is_not_taken_for_an_answer(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    flagsmith.replaced["/health/liveness/"] = "/no/such/path/"
    problems = failed(place, "liveness")
    assert "is text/html, not application/json: this is the user interface's page" in problems["liveness"]


def test_a_server_without_the_user_interface_fails_unless_that_is_skipped(place: SmokeTarget) -> None:
    with serve(Flagsmith(with_ui=False)) as bare:
        assert "has status 404, not 200" in failed(replace(place, url=bare.url), "ui")["ui"]
    assert "ui" not in suite.chosen(["ui"])


def test_nothing_that_listens_fails(place: SmokeTarget) -> None:
    with serve(Flagsmith()) as ended:
        url = ended.url
    assert "All connection attempts failed" in failed(replace(place, url=url), "liveness")["liveness"]


def test_what_killed_runs_made_is_removed_and_what_others_use_is_kept(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    old, new = (f"ff_smoke_{int(time.time()) - age:010d}_abcdef" for age in (7200, 60))
    with visit(place) as visited:
        admin, environment = visited.keys.admin, f"/api/v1/environments/{visited.keys.client_side}"
        for name in (old, f"{old}_variants", new, "ff_smoke_mine"):
            admin.post("/api/v1/projects/1/features/", {"name": name})
            admin.post("/api/v1/projects/1/segments/", {"name": name, "rules": [{"type": "ALL"}]})
            admin.post(f"{environment}/identities/", {"identifier": name})
            admin.post(f"{environment}/api-keys/", {"name": name})
        assert removal.left_overs(visited) == 8
    tables = ("features", "segments", "identities", "server_keys")
    for table in tables:
        names = [row.get("name") or row.get("identifier") for row in flagsmith.database.rows(table)]
        assert names == [new, "ff_smoke_mine"]


def test_what_a_run_in_the_middle_made_is_removed_when_it_is_interrupted(
    flagsmith: Flagsmith, place: SmokeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Maker, "change", interrupted)
    with pytest.raises(KeyboardInterrupt):
        outcomes(place, "round-trip")
    assert made(flagsmith) == []


def test_a_dead_server_ends_the_run_at_once(place: SmokeTarget, flagsmith: Flagsmith) -> None:
    flagsmith.failing["/health/liveness/"] = 503
    found = outcomes(place)
    assert found["liveness"].outcome is CheckStatus.FAILED
    others = {result.detail for name, result in found.items() if name != "liveness"}
    assert others == {"not looked at: liveness failed"}
    assert sum(result.seconds for result in found.values()) < 2 * http.START_SECONDS + http.REQUEST_SECONDS


def test_what_is_not_seen_in_time_has_failed(
    place: SmokeTarget, flagsmith: Flagsmith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 1.0)
    flagsmith.hanging.add("/api/v1/flags/")
    found = outcomes(replace(place, seconds=4))
    assert found["log-in"].detail == "not looked at to its end: the 4 s of --timeout were over"
    assert found["log-in"].outcome is CheckStatus.FAILED
    assert made(flagsmith) == []


def test_an_error_that_came_once_is_told(flagsmith: Flagsmith, place: SmokeTarget) -> None:
    flagsmith.every = 40
    assert "of" in failed(place)["answers"]


def test_a_request_that_ends_with_the_run_is_not_held_against_the_server(
    flagsmith: Flagsmith, place: SmokeTarget
) -> None:
    flagsmith.hanging.add("/api/v1/flags/")
    with visit(replace(place, seconds=1)) as visited:
        visited.ledger.is_ready = True
        with pytest.raises(CheckFailedError):
            visited.probe.json("/api/v1/flags/")
        with pytest.raises(CheckFailedError, match="nothing was answered"):
            visited.ledger.judge()


@pytest.mark.usefixtures("api_key")
def test_the_command_with_an_address_alone(flagsmith: Flagsmith, key: str, run: Run, tmp_path: Path) -> None:
    report = tmp_path / "reports" / "smoke.xml"
    wanted = ("--url", flagsmith.url, "--environment-key", key, "--expect-version", "2.265.0", "--timeout", "20")
    shown = run("smoke", *wanted, "--skip", "round-trip", "--junit", str(report), "--json")
    assert shown.exit_code == 0, shown.stderr
    found = {item["name"]: item["outcome"] for item in json.loads(shown.stdout)}
    assert found["flags"] == found["environment-document"] == "passed"
    assert "round-trip" not in found
    suite_element = ElementTree.parse(report).getroot()
    assert (suite_element.get("tests"), suite_element.get("failures"), suite_element.get("skipped")) == ("22", "0", "7")
    assert key not in shown.stderr


def test_without_an_administrator_what_needs_one_is_skipped(
    flagsmith: Flagsmith, key: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLAGSMITH_API_KEY", raising=False)
    shown = run("smoke", "--url", flagsmith.url, "--environment-key", key, "--json")
    assert shown.exit_code == 0
    found = {item["name"]: item["outcome"] for item in json.loads(shown.stdout)}
    skipped = {"values", "environment-document", "log-in", "round-trip", "certificate", "redirect", "unpublished"}
    skipped |= {"edge", "edge-documents", "further-names"}
    assert {name for name, outcome in found.items() if outcome == "skipped"} == skipped
    assert "Not seen: round-trip: not seen is what flags say: values, who is on" in shown.stderr


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
        (("--url", "http://localhost:1"), "There is no key for this Flagsmith"),
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


def test_a_run_whose_every_check_is_skipped_has_seen_nothing(flagsmith: Flagsmith, key: str, run: Run) -> None:
    # Of an address without TLS neither of the two sees anything.
    others = [name for name in suite.CHECKS if name not in ("certificate", "redirect")]
    line = ["smoke", "--url", flagsmith.url, "--environment-key", key]
    done = run(*line, *(word for name in others for word in ("--skip", name)))
    assert done.exit_code == 1
    assert "2 skipped." in done.stderr
    assert "Error: No check could see anything, so nothing is known about this Flagsmith." in done.stderr

    done = run(*line, *(word for name in suite.CHECKS for word in ("--skip", name)))
    assert done.exit_code == 1
    assert "Error: --skip leaves out every check, so nothing would be tested." in done.stderr
