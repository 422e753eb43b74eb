"""Steps where a catalogue is served or promoted: how far they are at a time, and whose start it is."""

import json
from pathlib import Path

import pytest

from tests.flagops.commands.flags.support import Run
from tests.flagops.commands.flags.test_steps import CATALOGUE


def share(run: Run, path: Path, *words: str) -> float:
    done = run("flags", "document", str(path), "-e", "production", *words)
    assert done.exit_code == 0, done.stderr
    (segment,) = json.loads(done.stdout)["project"]["segments"]
    return float(segment["rules"][0]["rules"][0]["conditions"][0]["value"])


@pytest.mark.parametrize(
    ("at", "percent"),
    [
        ("2026-12-01T06:59Z", -1),
        ("2026-12-01T07:00Z", 5),
        ("2026-12-01 15:00 Asia/Jerusalem", 25),
        ("2027-01-01T00:00Z", 100),
    ],
)
def test_what_is_served_is_the_share_of_that_time(run: Run, tmp_path: Path, at: str, percent: float) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    assert share(run, path, "--at", at) == percent


def test_a_time_that_is_none_or_goes_with_nothing_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    done = run("flags", "document", str(path), "-e", "production", "--at", "tomorrow")
    assert "--at 'tomorrow' must be a day, a time and a time zone" in done.stderr
    done = run("flags", "document", "-e", "production", "--from", "document.json", "--at", "2026-12-01T07:00Z")
    assert "--at is about the steps of a catalogue" in done.stderr


ROLLOUT = "rollout: {%ssteps: [{to: 5, for: 1h}, {to: 100}]}"


def promoted(run: Run, tmp_path: Path, production: str) -> str:
    path = tmp_path / "catalogue.yaml"
    head = CATALOGUE[: CATALOGUE.index("    rollout:")]
    start = "start: 2026-11-20T09:00Z, "
    path.write_text(f"{head}    environments:\n      staging: {{{ROLLOUT % start}}}\n{production}", encoding="utf-8")
    done = run("flags", "promote", "staging", "production", "--catalogue", str(path))
    assert done.exit_code == 0, done.stderr
    return path.read_text(encoding="utf-8").partition("production:")[2].partition("production:")[2] or path.read_text()


def test_promote_carries_the_steps_and_not_when_they_began(run: Run, tmp_path: Path) -> None:
    text = promoted(run, tmp_path, "")
    line = text[text.rindex("production") :]
    assert "{to: 5, for: 1h}" in line
    assert "start" not in line


def test_promote_leaves_the_target_its_own_start(run: Run, tmp_path: Path) -> None:
    own = f"      production: {{{ROLLOUT.replace('5', '9') % 'start: 2026-12-24T09:00Z, '}}}\n"
    text = promoted(run, tmp_path, own)
    line = text[text.rindex("production") :]
    assert "2026-12-24T09:00Z" in line
    assert "{to: 5, for: 1h}" in line
