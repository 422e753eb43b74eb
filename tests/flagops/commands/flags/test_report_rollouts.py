"""The page of all flags has each rollout with its timetable and a picture, and says why one stands still."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from components.rollouts.in_pod.notes import read, write
from components.rollouts.in_pod.states import Cause, Stage
from flagops.commands.flags.report.rollouts import HEIGHT, LEFT, RIGHT, WIDTH, Urgency
from tests.flagops.commands.flags.rolling import CATALOGUE, FLAG, Rolling
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import feature
from tests.flagops.commands.flags.test_report import Page


class Reported(Rolling):
    """The banner's rollout, and the page on which it is."""

    def page(self) -> str:
        out = self.path.with_name("report.html")
        done = self._run("flags", "report", "--out", str(out), "--url", self.server.url, "--catalogue", str(self.path))
        assert done.exit_code == 0, done.stderr
        return " ".join(unescape(out.read_text(encoding="utf-8")).split())

    def remember(self, **changes: Any) -> None:
        """Another memory, as a runner leaves it."""
        row = self.segment()
        known = read(row["description"])
        assert known.memory is not None
        text = write(replace(known, memory=replace(known.memory, **changes)))
        self.patch({**row, "description": text})

    def patch(self, row: dict[str, Any]) -> None:
        self.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", row)


@pytest.fixture
def reported(server: Project, run: Run, tmp_path: Path) -> Reported:
    made = Reported(server, run, tmp_path)
    assert made.apply().exit_code == 0
    return made


def section(page: str) -> str:
    found = re.search(r"<section.*?</section>", page)
    assert found is not None
    return found[0]


def test_one_that_runs_has_its_timetable_and_a_picture_that_says_what_it_shows(reported: Reported) -> None:
    assert "Begins at the next look." in section(reported.page())
    reported.turn()
    page = reported.page()
    said = section(page)
    assert '<h3>banner in production <b class="state on">running</b></h3>' in said
    assert re.search(r"<p>At 5 % since \w+day \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)\.</p>", said)
    assert "Timetable: 50 % on " in said
    assert '<title id="rollout-1-title">Share of users over time: banner in production</title>' in said
    assert re.search(r'<desc id="rollout-1-desc">banner in production: At 5 % since .* Steps to come: 2\.</desc>', said)
    assert 'role="img" aria-labelledby="rollout-1-title rollout-1-desc"' in said
    assert {"declared", "following", "live"} == set(re.findall(r'<path class="(\w+)"', said))
    # The numbers of the paths are within the picture, and the live share is at 5 % of its height.
    numbers = [float(text) for path in re.findall(r' d="([^"]+)"', said) for text in re.findall(r"[\d.]+", path)]
    assert min(numbers) >= 0
    assert max(numbers) <= WIDTH - RIGHT
    (level,) = re.findall(r'<circle class="live" cx="[\d.]+" cy="([\d.]+)"', said)
    levels = {text: float(at) - 4 for at, text in re.findall(r'y="([\d.]+)" text-anchor="end">(\d+ %)<', said)}
    assert float(level) == pytest.approx(levels["0 %"] - 0.05 * (levels["0 %"] - levels["100 %"]), abs=0.2)
    assert "-1 %" not in page
    assert (LEFT > 0, levels["0 %"] < HEIGHT) == (True, True)


WHY = "checkout-errors is broken: 0.031 is over 0.01 <b>for 5m</b>"


@pytest.mark.parametrize(
    ("cause", "look", "went_back", "who"),
    [(Cause.GUARD, Urgency.EXPIRED, True, ""), (Cause.PERSON, Urgency.DUE, False, "ann@example.com")],
)
def test_one_that_stands_still_says_why_with_the_value_that_was_measured(
    reported: Reported, cause: Cause, look: Urgency, went_back: bool, who: str
) -> None:
    reported.turn()
    reported.remember(stage=Stage.PAUSED, cause=cause, why=WHY, went_back=went_back, who=who)
    said = section(reported.page())
    assert f'<b class="state {look}">paused</b>' in said
    assert ", after it was taken back" in said if went_back else "taken back" not in said
    assert f"{f', by {who}' if who else ''}: {WHY}. A person resumes it" in said
    assert '<path class="following"' not in said
    raw = reported.path.with_name("report.html").read_text(encoding="utf-8")
    assert "<b>for" not in raw, "what a guard says is no markup"


def test_one_that_is_done_one_whose_share_somebody_set_and_a_silent_prometheus(reported: Reported) -> None:
    reported.turn()
    row = reported.segment()
    memory = read(row["description"]).memory
    assert memory is not None
    reported.remember(away_since=memory.since - timedelta(hours=1))
    assert "A guard, or Prometheus, gives no answer since " in section(reported.page())
    reported.remember(stage=Stage.DONE, away_since=None)
    assert '<b class="state on">done</b>' in section(reported.page())
    reported.remember(share=3.0)
    changed = "5 %, which somebody set where the rollout had left 3 %"
    assert f"<p>Done: at {changed}.</p>" in section(reported.page())
    reported.remember(stage=Stage.RUNNING)
    assert f"<p>At {changed}: it pauses, and a person resumes it" in section(reported.page())


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"format":1', '"format":7', "it is of another release of ff. Nothing is written to it until `ff flags apply"),
        ('"flag":"banner"', '"flag":"other"', "its segment is for no flag other in an environment production"),
        ('"environment":"production"', '"environment":"moon"', "for no flag banner in an environment moon"),
        ('"group":null', '"group":"beta"', "its segment is called banner.production, and not banner.production.beta"),
    ],
)
def test_a_description_that_is_wrong_or_cannot_be_read_is_said(
    reported: Reported, before: str, after: str, said: str
) -> None:
    row = reported.segment()
    text = row["description"].replace(before, after)
    assert text != row["description"]
    reported.patch({**row, "description": text})
    found = section(reported.page())
    assert said in found
    assert 'class="state expired"' in found
    assert "<svg" not in found


@pytest.mark.parametrize(
    ("stage", "state", "said"),
    [
        (Stage.DONE, "off", "It is over: the flag has no override for its share, and nobody has it by that."),
        (Stage.PAUSED, "off", "It is over: the flag has no override for its share, and nobody has it by that."),
        (Stage.RUNNING, "expired", "There is nothing to roll out: the flag has no override for its share."),
    ],
)
def test_one_that_was_done_and_has_left_the_catalogue_is_over_and_no_fault(
    reported: Reported, stage: Stage, state: str, said: str
) -> None:
    """Its segment stays, and with it its steps."""
    reported.turn()
    reported.remember(stage=stage, cause=Cause.PERSON if stage is Stage.PAUSED else None)
    ended = CATALOGUE[: CATALOGUE.index("    rollout:")].replace("enabled: false", "enabled: true")
    reported.path.write_text(ended, encoding="utf-8")
    done = reported.ff("apply", "--yes", "--take-back", FLAG)
    assert done.exit_code == 0, done.stderr
    found = section(reported.page())
    assert f'class="state {state}"' in found
    assert said in found
    assert "<svg" not in found


def test_one_of_an_archived_flag_is_over(reported: Reported) -> None:
    row = feature(reported.server, FLAG)
    reported.server.client.patch(f"/api/v1/projects/1/features/{row['id']}/", {"is_archived": True})
    assert "It is over: the flag is archived, and is served as it is." in section(reported.page())


def test_a_running_rollout_is_in_nobody_s_hands(reported: Reported) -> None:
    reported.turn()
    assert "In somebody's hands" not in reported.page()


def test_a_project_without_rollouts_has_none_on_its_page(server: Project, run: Run, tmp_path: Path) -> None:
    reported = Reported(server, run, tmp_path)
    assert reported.apply(CATALOGUE[: CATALOGUE.index("    rollout")]).exit_code == 0
    page = reported.page()
    assert "<h2>Rollouts</h2>" not in page
    assert FLAG in Page(reported.path.with_name("report.html").read_text(encoding="utf-8")).rows
