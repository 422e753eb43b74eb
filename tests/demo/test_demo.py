"""`make demo` as a whole: what each SDK saw in it, and how it is told."""

import hashlib
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo.steps import ROLLED_OUT, STEPS, SWITCHED
from tests.demo.watched import LONGEST, skip_unless_whole, started
from tests.recording import ROOT

SERVED, SWITCH, APPLY, PLAN, ROLLOUT, KILL, REPORT = (step.title for step in STEPS)
SDKS = ("Python", "Node", "React")
ANSWER = re.compile(r"^   (Python|Node) says: \S+ is (on|off)\.$|^   React (shows|does not show) ", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """A demo that went to its end.

    Attributes:
        text: What it said.
        seconds: How long it took.
        is_unchanged: Whether your files are as they were.
    """

    text: str
    seconds: float
    is_unchanged: bool

    def step(self, title: str) -> str:
        """What was said in a step."""
        _, _, rest = self.text.partition(f". {title}\n")
        return rest.partition("\n\n")[0]

    def seen(self, title: str) -> list[tuple[str, bool]]:
        """What each SDK saw in a step, in the order of asking."""
        found = ANSWER.findall(self.step(title))
        return [(name or "React", (word or shown) in ("on", "shows")) for name, word, shown in found]


def digests() -> dict[str, str]:
    """The files of yours that it could change."""
    paths = [path for top in ("flags", "examples/python", "examples/react/src") for path in (ROOT / top).rglob("*")]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The whole demo, once."""
    skip_unless_whole()
    before, began = digests(), time.monotonic()
    with started(tmp_path_factory.mktemp("demo")) as demo:
        code = demo.end(LONGEST)
        assert (code, demo.notice) == (0, ""), demo.text + demo.notice
    return Told(demo.text, time.monotonic() - began, digests() == before)


def by_all(*answers: bool) -> list[tuple[str, bool]]:
    return [(name, answer) for answer in answers for name in SDKS]


def test_it_takes_less_than_five_minutes_and_leaves_your_files_alone(told: Told) -> None:
    assert told.seconds < LONGEST
    assert told.is_unchanged
    assert re.findall(r"^\d\. (.+)$", told.text, re.MULTILINE) == [step.title for step in STEPS]
    assert "Not shown" not in told.text


def test_both_pages_are_up_and_a_click_on_one_reaches_all_three_sdks(told: Told) -> None:
    assert len(re.findall(r"http://127\.0\.0\.1:\d+/", told.step(SERVED))) == 2
    assert told.seen(SWITCH) == by_all(False, True)
    assert f"the switch of {SWITCHED} is clicked" in told.step(SWITCH)


def test_it_says_that_no_real_flagsmith_answers(told: Told) -> None:
    assert "A real Flagsmith runs in a cluster, and there is none here." in told.step(APPLY)
    assert "this is a stand-in" in told.step(APPLY)


def test_the_plan_says_who_is_affected_and_the_rollout_is_what_it_said(told: Told) -> None:
    assert "53 steps, 8 flags" in told.step(APPLY)
    assert "$ ff flags plan --against HEAD --who" in told.step(PLAN)
    assert told.step(PLAN).count("| about 25 % of users gain it, none lose it") == 3
    had = re.search(r"(\d+) of 500 made-up users have it", told.step(APPLY))
    now = re.search(r"Now (\d+) of 500 users have it\. (\d+) gained it, and none lost it\.", told.step(ROLLOUT))
    assert had
    assert now
    assert int(now[1]) == int(had[1]) + int(now[2])
    # A quarter and a half of 500, give or take five times what chance does to them.
    assert 77 < int(had[1]) < 173
    assert 194 < int(now[1]) < 306
    assert told.seen(ROLLOUT) == by_all(True)


def test_apply_respects_the_kill_switch_that_is_held(told: Told) -> None:
    said = told.step(KILL)
    assert f"$ ff flags set {ROLLED_OUT} --off --environment production --hold 24h" in said
    assert re.search(rf"= flag {ROLLED_OUT} is held until .*The new pages are slow", said)
    assert said.index("$ ff flags set") < said.index("$ ff flags apply")
    assert told.seen(KILL) == by_all(False, False)


def test_the_report_shows_all_flags(told: Told) -> None:
    assert "report.html: 8 flags" in told.step(REPORT)
    assert f"{ROLLED_OUT} at 50 percent in development and staging, and off in production." in told.step(REPORT)


def test_what_is_said_can_be_read_aloud(told: Told) -> None:
    """Sentences that end, and are short; commands and what they print are shown, not read."""
    said = [line.strip() for line in told.text.splitlines() if line.startswith("   ")]
    sentences = [line for line in said if not line.startswith(("$ ", "| "))]
    assert len(sentences) > 40
    for line in sentences:
        assert re.search(r"\.$|http://\S+$", line), line
        assert len(re.sub(r"http://\S+", "", line)) <= 110, line


def test_without_node_and_a_browser_it_goes_on_and_says_what_it_did_not_show(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(git)
    with started(tmp_path, path=str(programs)) as demo:
        assert demo.end(LONGEST) == 0, demo.text + demo.notice
    alone = Told(demo.text, 0, is_unchanged=True)
    assert alone.seen(SWITCH) == [("Python", False), ("Python", True)]
    assert alone.seen(KILL) == [("Python", False), ("Python", False)]
    assert "$ curl -d" in alone.step(SWITCH)
    end = demo.text.partition("The end")[2]
    assert "Not shown was Node: node is not installed." in end
    assert "Not shown was React: node is not installed." in end
