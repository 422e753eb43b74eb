"""`ff flags rollout`: what a person and a pipeline do with shares that grow by themselves."""

import json
from pathlib import Path

import pytest

from tests.flagops.commands.flags.rolling import CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.support import Project, Run

REASON = ("--reason", "because")


class Steered(Rolling):
    """The banner's rollout, by the command."""

    def rollout(self, word: str, *words: str, code: int = 0) -> str:
        done = self._run("flags", "rollout", word, *words, "--url", self.server.url)
        assert done.exit_code == code, done.stdout + done.stderr
        return str(done.stdout + done.stderr)

    def row(self, code: int = 0) -> dict[str, object]:
        done = self._run("flags", "rollout", "status", FLAG, "--url", self.server.url, "--json")
        assert done.exit_code == code, done.stderr
        (row,) = json.loads(done.stdout)
        return dict(row)


@pytest.fixture
def steered(server: Project, run: Run, tmp_path: Path) -> Steered:
    made = Steered(server, run, tmp_path)
    assert made.apply().exit_code == 0
    return made


def test_a_pipeline_does_a_step_when_it_is_time_and_says_so(steered: Steered) -> None:
    assert "0 → 5 %" in steered.rollout("run", "--once", "--dry-run").replace("0 % → 5 %", "0 → 5 %")
    assert steered.row()["share"] == 0
    assert "0 → 5 %" in steered.rollout("run", "--once")
    assert "5 % until" in steered.rollout("run", "--once")
    row = steered.row()
    assert (row["share"], row["stage"], row["action"], row["environment"]) == (5, "running", "wait", "production")
    assert row["steps"] == "from 2026-11-01 09:00 UTC: 5 % for 6h, 50 % for 1d, 100 %"


def test_a_person_pauses_resumes_and_goes_back_and_the_reason_stays(steered: Steered) -> None:
    steered.rollout("run", "--once")
    steered.rollout("pause", FLAG, "--reason", "the match is on")
    row = steered.row()
    assert (row["stage"], row["share"]) == ("paused", 5)
    assert '"why":"the match is on"' in steered.segment()["description"]
    assert "is paused: the match is on" in steered.rollout("status")
    assert "It is paused already" in steered.rollout("pause", FLAG, *REASON, code=1)
    steered.rollout("resume", FLAG, *REASON, "--yes")
    assert steered.row()["stage"] == "running"
    assert "5 % → 0 %" in steered.rollout("back", FLAG, *REASON)
    row = steered.row()
    assert (row["stage"], row["share"]) == ("paused", 0)
    assert "Nobody is in it" in steered.rollout("back", FLAG, *REASON, code=1)


def test_one_without_a_start_begins_when_somebody_says_so(server: Project, run: Run, tmp_path: Path) -> None:
    steered = Steered(server, run, tmp_path)
    assert steered.apply(CATALOGUE.replace("      start: 2026-11-01 09:00 UTC\n", "")).exit_code == 0
    assert "waits for `ff flags rollout start`" in steered.rollout("run", "--once")
    steered.rollout("start", FLAG, *REASON, "--yes")
    assert "It has begun" in steered.rollout("start", FLAG, *REASON, "--yes", code=1)
    assert "0 → 5 %" in steered.rollout("run", "--once")


def test_a_hand_on_it_ends_a_pipeline_with_3(steered: Steered) -> None:
    steered.rollout("run", "--once")
    row = steered.segment()
    rules = json.loads(json.dumps(row["rules"]).replace('"5"', '"80"'))
    steered.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "rules": rules})
    said = steered.rollout("run", "--once", code=3)
    assert "somebody set the share to 80 %, where the rollout had left 5 %" in said
    assert steered.row(code=3)["share"] == 80
    steered.rollout("resume", FLAG, *REASON, "--yes")
    assert steered.row()["share"] == 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "looks once and ends"),
        (("pause", FLAG), "The reason is missing: whoever finds the change later needs it."),
        (("pause", "bannner", *REASON), "bannner has no rollout in FootAnalytics; flags with one: banner."),
        (("pause", FLAG, *REASON, "-e", "nowhere"), "There is no environment 'nowhere'"),
        (("run", "--once", "--prometheus", "localhost:9090"), "'localhost:9090' is not an address"),
        (("run", "--once", "--prometheus", "http://u:p@localhost"), "has a password in it"),
        (("run", "--once", "--prometheus", "http://x", "--prometheus-ca", "/nonexistent"), "There is no file"),
    ],
)
def test_what_cannot_be_done_is_refused(steered: Steered, words: tuple[str, ...], said: str) -> None:
    assert said in steered.rollout(*words, code=1)


def test_each_word_says_what_to_do_instead(steered: Steered) -> None:
    assert "It is not paused: it is running" not in steered.rollout("resume", FLAG, *REASON, "--yes", code=1)
    steered.rollout("run", "--once")
    said = steered.rollout("resume", FLAG, *REASON, "--yes", code=1)
    assert "It is not paused: it is running; `ff flags rollout status` says what is next." in said
    assert "It has begun: it is running;" in steered.rollout("start", FLAG, *REASON, "--yes", code=1)
    steered.rollout("pause", FLAG, "--reason", "the match")
    said = steered.rollout("pause", FLAG, *REASON, code=1)
    assert "It is paused already (the match); `ff flags rollout resume` lets it go on." in said
    assert "`ff flags rollout resume` lets it go on" in steered.rollout("start", FLAG, *REASON, "--yes", code=1)
    steered.rollout("back", FLAG, *REASON)
    assert "`ff flags rollout pause` keeps it so" in steered.rollout("back", FLAG, *REASON, code=1)
    assert "bannner has no rollout" in steered.rollout("status", "bannner", code=1)


def test_one_that_waits_for_somebody_is_started_and_not_resumed(server: Project, run: Run, tmp_path: Path) -> None:
    steered = Steered(server, run, tmp_path)
    two = CATALOGUE.replace("[production]", "[staging, production]").replace("      start: 2026-11-01 09:00 UTC\n", "")
    assert steered.apply(two).exit_code == 0
    said = steered.rollout("resume", FLAG, *REASON, "--yes", code=1)
    assert "banner has 2 rollouts: banner.production, banner.staging." in said
    assert "Name one environment with -e." in said
    said = steered.rollout("resume", FLAG, "-e", "staging", *REASON, "--yes", code=1)
    assert "It is not paused: it is waiting; `ff flags rollout start` lets it begin." in said


def test_what_cannot_be_read_is_named_with_what_writes_it_anew(steered: Steered) -> None:
    row = steered.segment()
    text = row["description"].replace('"format":1', '"format":7')
    steered.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
    said = steered.rollout("pause", FLAG, *REASON, code=1)
    assert "banner.production: what the description says of the rollout cannot be read" in said
    assert "ff flags apply --take-back banner" in said
    assert "cannot be read" in steered.rollout("status")


def test_status_has_all_of_it_for_programs(steered: Steered) -> None:
    steered.rollout("run", "--once")
    row = steered.row()
    assert str(row["timetable"]).startswith("50 % on ")
    assert isinstance(row["declared"], dict)
    assert row["declared"]["steps"] == [[5.0, 21600.0], [50.0, 86400.0], [100.0, 0.0]]
    assert isinstance(row["memory"], dict)
    assert row["until"] > row["memory"]["since"]


def test_a_project_without_a_rollout_says_so(server: Project, run: Run) -> None:
    for words in (("run", "--once"), ("status",)):
        done = run("flags", "rollout", *words, "--url", server.url)
        assert (done.exit_code, "There is no rollout" in done.stderr) == (0, True)


BETA = "segments:\n  beta: {description: B, all: [{trait: beta, operator: EQUAL, value: true}]}\nflags:"
OF_BETA = f"{CATALOGUE.replace('flags:', BETA)}      segment: beta\n"


def test_what_an_earlier_rollout_or_a_copy_left_keeps_nobody_from_stopping_the_one_that_runs(steered: Steered) -> None:
    steered.rollout("run", "--once")
    done = steered.apply(OF_BETA)
    assert done.exit_code == 0, done.stderr
    row = steered.segment()
    fields = {key: row[key] for key in ("feature", "rules", "description")}
    steered.server.client.post("/api/v1/projects/1/segments/", {**fields, "name": "a copy"})
    assert len(steered.everything()) == 3
    for words in ((), ("-e", "production")):
        said = steered.rollout("pause", FLAG, *REASON, *words)
        assert "banner.production.beta: is paused" in said
        steered.rollout("resume", FLAG, *REASON, "--yes", *words)


def test_one_that_was_paused_and_has_left_the_catalogue_stops_no_pipeline(steered: Steered) -> None:
    steered.rollout("run", "--once")
    row = steered.segment()
    text = row["description"].replace('"share":5.0', '"share":4.0')
    assert text != row["description"]
    steered.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
    steered.rollout("run", "--once", code=3)
    steered.rollout("status", code=3)
    ended = CATALOGUE[: CATALOGUE.index("    rollout:")].replace("enabled: false", "enabled: true")
    steered.path.write_text(ended, encoding="utf-8")
    done = steered.ff("apply", "--yes", "--take-back", FLAG)
    assert done.exit_code == 0, done.stderr
    assert "the flag has no override for its share" in steered.rollout("run", "--once")
    steered.rollout("status")
