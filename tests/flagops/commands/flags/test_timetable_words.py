"""A plan says in words when the shares of a rollout are there, and what stops them; on a pull request too."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.rollouts.in_pod.declared import Broken, Comparison, Declared, Guard, Measure, Step
from components.rollouts.in_pod.states import Cause, Memory, Stage
from components.rollouts.in_pod.windows import freeze, window
from flagops.commands.flags.reconcile.running import both_in_short
from flagops.commands.flags.reconcile.timetable_words import in_words
from tests.flagops.commands.flags.rolling import FLAG, Rolling
from tests.flagops.commands.flags.support import Project, Run, example

START = datetime(2026, 12, 1, 7, tzinfo=UTC)  # a Tuesday
BEFORE = START - timedelta(days=7)
STEPS = (Step(10, timedelta(hours=6)), Step(50, timedelta(days=1)), Step(100))
PLAIN = Declared("banner", "production", None, STEPS, start=START)
ONLY = (window("Mon-Thu 09:00-16:00 Asia/Jerusalem"),)
ERRORS = Guard("checkout-errors", "errors", at_most=0.01, holds=timedelta(minutes=5))
ARMS = Guard("arms", at_least=0.5, broken=Broken.OFF, comparison=Comparison(Measure.RATIO, "a", "b", "l", "on", "off"))


def remembered(share: float, stage: Stage, hours: float = 0, why: str = "") -> Memory:
    since = START - timedelta(hours=hours)
    return Memory(share, since, stage, since, cause=Cause.GUARD if stage is Stage.PAUSED else None, why=why)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (
            PLAIN,
            (
                "10 % on Tuesday 2026-12-01 07:00, 50 % on Tuesday 2026-12-01 13:00, everyone on Wednesday 2026-12-02 "
                "13:00 (UTC), if nothing stops it"
            ),
        ),
        (
            replace(PLAIN, only=ONLY, freezes=(freeze("2026-12-02..2026-12-06", "Asia/Jerusalem"),), guards=(ERRORS,)),
            (
                "10 % on Tuesday 2026-12-01 09:00, 50 % on Tuesday 2026-12-01 15:00, everyone on Monday 2026-12-07 "
                "09:00 (Asia/Jerusalem), steps only Mon-Thu 09:00-16:00 Asia/Jerusalem, none on "
                "2026-12-02..2026-12-06, unless checkout-errors is over 0.01 for 5m (then one step back)"
            ),
        ),
        (
            replace(PLAIN, start=None, group="beta", enabled=False, guards=(ERRORS, ARMS)),
            (
                "when somebody starts it: off for 10 % of beta, 6h later 50 %, 1d later all of beta, unless "
                "checkout-errors is over 0.01 for 5m (then one step back) or arms, the ratio of its arms, is under 0.5 "
                "(then nobody has it)"
            ),
        ),
        (
            replace(PLAIN, steps=(Step(100),), base=True),
            "another value for everyone on Tuesday 2026-12-01 07:00 (UTC), if nothing stops it",
        ),
        (
            replace(PLAIN, freezes=(freeze("2026-12-02..9998-12-31", "UTC"),)),
            (
                "10 % on Tuesday 2026-12-01 07:00, 50 % on Tuesday 2026-12-01 13:00, then never: no window opens "
                "(UTC), none on 2026-12-02..9998-12-31, if nothing stops it"
            ),
        ),
    ],
)
def test_a_new_rollout_in_words(declared: Declared, said: str) -> None:
    assert in_words(declared, 0, None, BEFORE) == said


@pytest.mark.parametrize(
    ("share", "memory", "said"),
    [
        (0, None, "10 % at once, 50 % on Tuesday 2026-12-01 13:00"),
        (10, remembered(10, Stage.RUNNING, 2), "50 % on Tuesday 2026-12-01 11:00, everyone on Wednesday"),
        (10, remembered(10, Stage.RUNNING, 99), "50 % at once, everyone on Wednesday 2026-12-02 07:00"),
        (
            10,
            remembered(10, Stage.PAUSED, 2, "errors is broken: 0.02"),
            "paused at 10 % (errors is broken: 0.02), and when somebody resumes it: 50 %, 1d later everyone, if",
        ),
        (100, remembered(100, Stage.DONE), "done, at 100 %, if nothing"),
    ],
)
def test_one_that_runs_is_told_from_where_it_is(share: float, memory: Memory | None, said: str) -> None:
    assert in_words(PLAIN, share, memory, START).startswith(said)


def test_two_catalogues_know_nothing_of_how_far_it_is() -> None:
    assert in_words(PLAIN, 0, None, None).startswith("10 % on Tuesday 2026-12-01 07:00")
    past = replace(PLAIN, start=datetime(2020, 1, 1, tzinfo=UTC))
    assert in_words(past, 0, None, None).endswith("if nothing stops it; how far it is by now is not known here")


def test_a_change_that_the_line_of_steps_does_not_show_is_named() -> None:
    one, other = both_in_short(PLAIN, replace(PLAIN, enabled=False, value="x"))
    assert other == f"{one}; otherwise: on or off, value"
    guarded = replace(PLAIN, guards=(ERRORS,))
    assert str(both_in_short(guarded, replace(PLAIN, guards=(replace(ERRORS, at_most=2),)))[1]).endswith(
        "otherwise: guards"
    )
    assert both_in_short(None, PLAIN)[0] is None


STEPPED = """    rollout:
      start: 2099-12-01 09:00 Asia/Jerusalem
      steps: [{to: 1, for: 1h}, {to: 100}]
      only: Mon-Thu 09:00-16:00 Asia/Jerusalem
      guards: [platform-errors]
      enabled: false
"""
ON = "    enabled: true\n    targeting:\n      - {segment: israeli"
PLACE = (ON, STEPPED + ON)
WORDS = (
    "off for 1 % on Tuesday 2099-12-01 09:00, everyone on Tuesday 2099-12-01 10:00 (Asia/Jerusalem), steps only "
    "Mon-Thu 09:00-16:00 Asia/Jerusalem, unless platform-errors is over 0.01 for 5m (then it holds)"
)


def test_a_plan_shows_it_for_people_and_programs(applied: Project, run: Run, tmp_path: Path) -> None:
    path = str(example(tmp_path, lambda text: text.replace(*PLACE)))
    done = run("flags", "plan", path, "--url", applied.url)
    assert done.exit_code == 2, done.stderr
    assert f"\nTimetables\n hebrew_ui_enabled in development: {WORDS}\n" in done.stdout
    assert done.stdout.count(WORDS) == 3
    found = json.loads(run("flags", "plan", path, "--url", applied.url, "--json").stdout)["timetables"]
    place = {"flag": "hebrew_ui_enabled", "environment": "production", "group": None}
    assert {**place, "said": WORDS} in found
    assert WORDS in run("flags", "apply", path, "--url", applied.url, "--yes").stderr
    assert "Timetables" not in run("flags", "plan", path, "--url", applied.url).stdout


def test_a_comment_shows_it_with_its_flag_and_no_markup(
    repository: Callable[[Callable[[str], str]], Path], run: Run
) -> None:
    path = repository(lambda text: text.replace(*PLACE))
    done = run("flags", "plan", str(path), "--against", "HEAD", "--markdown")
    assert done.exit_code == 2, done.stderr
    words = "Off for 1 % on Tuesday 2099\\-12\\-01 09:00, everyone on Tuesday 2099\\-12\\-01 10:00 \\(Asia/Jerusalem\\)"
    assert done.stdout.count(f"  - **Timetable:** {words}") == 3
    assert "  - **Who:** Nobody is affected." in done.stdout.splitlines()


def test_a_rollout_that_both_catalogues_have_is_no_change(
    repository: Callable[[Callable[[str], str]], Path], run: Run, tmp_path: Path
) -> None:
    repository(lambda text: text.replace(*PLACE))
    words = ("git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qam", "Two")
    subprocess.run(words, check=True)
    path = repository(lambda text: text.replace(*PLACE))
    done = run("flags", "plan", str(path), "--against", "HEAD", "--markdown")
    assert (done.exit_code, "Nothing changes." in done.stdout) == (0, True), done.stdout


def test_steps_that_change_are_told_from_the_share_that_is_live(server: Project, run: Run, tmp_path: Path) -> None:
    rolling = Rolling(server, run, tmp_path)
    assert rolling.apply().exit_code == 0
    rolling.turn()
    text = rolling.path.read_text(encoding="utf-8")
    rolling.path.write_text(text.replace("{to: 50, for: 1d}", "{to: 20, for: 1d}"), encoding="utf-8")
    said = rolling.ff("plan").stdout
    assert f" {FLAG} in production: 20 % on " in said
    assert "5 % on" not in said
