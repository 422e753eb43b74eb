"""An apply writes the tags of a flag as a whole: one that is killed then loses no hold that began in that moment."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.flags.history.last_run import stopped_writing_tags
from flagops.commands.flags.reconcile.apply import holding
from flagops.commands.flags.reconcile.apply import run as running
from flagops.commands.flags.reconcile.holds import is_hold
from flagops.commands.flags.server.read import read
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import Connection, connect
from tests.doubles.flagsmith import Flagsmith
from tests.flagops.commands.flags.holding import HOLD, TAGS, begin, holds, put_on, retagged
from tests.flagops.commands.flags.support import EXAMPLE, Project, Run
from tests.flagops.commands.flags.switching import FLAG, OTHER, feature, set_flag, switch, tags

MOST = 100
"""Writes of an apply, far from reached."""


class Killed(BaseException):
    """Nothing is sent after it."""


def apply(run: Run, server: Project, path: Path = EXAMPLE) -> Any:
    """The command's end; None for one that was killed."""
    try:
        return run("flags", "apply", str(path), "--url", server.url, "--yes")
    except Killed:
        return None


def killed_after(
    patched: pytest.MonkeyPatch, server: Project, writes: int, begins: Callable[[], None]
) -> dict[str, int]:
    """A hold begins right before the tags of a flag are written; so many writes later the apply is killed.

    What it reads in between changes nothing, so that this is every moment at which it can be killed.
    """
    request, path = FlagsmithClient.request, f"/api/v1/projects/1/features/{feature(server)['id']}/"
    sent = {"after": -1}

    def asking(self: FlagsmithClient, method: str, where: str, **more: Any) -> Any:
        if sent["after"] < 0 and method == "PATCH" and where == path and "tags" in (more.get("body") or {}):
            sent["after"] = 0
            patched.setattr(FlagsmithClient, "request", request)
            begins()
            patched.setattr(FlagsmithClient, "request", asking)
        if sent["after"] >= writes:
            raise Killed
        if sent["after"] >= 0 and method != "GET":
            sent["after"] += 1
        return request(self, method, where, **more)

    patched.setattr(FlagsmithClient, "request", asking)
    return sent


@pytest.mark.parametrize("names", [(FLAG,), (FLAG, OTHER)], ids=["one flag", "several"])
def test_wherever_an_apply_is_killed_the_hold_goes_on(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    assert applied.double
    before, path = Flagsmith(), retagged(tmp_path, *names)
    before.take(applied.double)
    lost = 0
    for writes in count():
        applied.double.take(before)
        with monkeypatch.context() as patched:
            sent = killed_after(patched, applied, writes, lambda: _hold(applied, run))
            done = apply(run, applied, path)
        assert sent["after"] >= 0, "a hold began"
        if done is not None:
            break
        assert writes < MOST
        lost += not holds(applied)
        shown = run("flags", "plan", str(path), "--url", applied.url)
        assert f"flag {FLAG} is held until 2" in shown.stderr + shown.stdout, writes
        assert apply(run, applied, path).exit_code == 0, writes
        assert any(map(is_hold, tags(applied))), writes
        assert "fresh" not in tags(applied) or writes, "it is held"
    assert lost, "the tag was off the flag in between"
    assert done.exit_code == 3, "the whole run saw it too"


def _hold(server: Project, run: Run) -> None:
    done = set_flag(run, server, FLAG, "--off", "-e", "production", "--hold", "48h")
    assert done.exit_code == 0, done.stderr


@pytest.fixture
def lost(applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An apply took the tag of a hold away, and was killed right after it."""
    with monkeypatch.context() as patched:
        killed_after(patched, applied, 1, lambda: put_on(applied, begin(applied)))
        assert apply(run, applied, retagged(tmp_path)) is None
    assert holds(applied) == []
    return applied


def test_the_plan_says_what_comes_back_and_a_release_ends_it(lost: Project, run: Run) -> None:
    shown = run("flags", "plan", "--url", lost.url)
    assert shown.exit_code == 2
    text = shown.stdout + shown.stderr
    assert f"flag {FLAG} is held until 2999-01-01 00:00 UTC: {FLAG} off in production: matches are late" in text
    assert f"its tag {HOLD} comes back, which an apply that did not come to its end may have taken off" in text
    done = run("flags", "release", FLAG, "--url", lost.url)
    assert done.exit_code == 0, done.stderr
    assert HOLD in done.stderr
    assert HOLD not in {row["label"] for row in lost.client.pages(TAGS)}
    assert "is held" not in run("flags", "plan", "--url", lost.url).stderr


def test_a_flag_that_is_held_so_is_not_written(lost: Project, run: Run) -> None:
    switch(lost, on=True)
    done = apply(run, lost)
    assert done.exit_code == 0, done.stderr
    assert f"hold of {FLAG} updated: its tag {HOLD} comes back" in done.stderr
    assert holds(lost) == [HOLD]
    assert not is_at_work(lost)


def test_a_hold_that_is_ended_before_its_tag_comes_back_does_not_come_back(
    lost: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = holding.hold_again

    def ended(connection: Connection, feature: int, tag: int) -> bool:
        lost.client.delete(f"{TAGS}{tag}/")
        return again(connection, feature, tag)

    monkeypatch.setattr(running, "hold_again", ended)
    done = apply(run, lost)
    assert done.exit_code == 0, done.stderr
    assert holds(lost) == []
    assert f"hold of {FLAG} updated" not in done.stderr
    assert "Nothing was changed: what was planned is not needed any more." in done.stderr
    assert not is_at_work(lost)


def test_once_an_apply_came_to_its_end_a_tag_that_is_taken_off_by_hand_is_an_end(lost: Project, run: Run) -> None:
    assert apply(run, lost).exit_code == 0
    row = feature(lost)
    kept = [number for number in row["tags"] if number != tag(lost)]
    lost.client.patch(f"/api/v1/projects/1/features/{row['id']}/", {"tags": kept})
    shown = run("flags", "plan", "--url", lost.url)
    assert "is held" not in shown.stdout + shown.stderr


def test_an_apply_with_nothing_to_do_comes_to_its_end_too(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    path = retagged(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(running, "end_mark", killed)
        assert apply(run, applied, path) is None
    assert is_at_work(applied)
    done = apply(run, applied, path)
    assert done.exit_code == 0, done.stderr
    assert "Nothing to do." in done.stderr
    assert not is_at_work(applied)


@pytest.mark.parametrize("is_whole", [False, True], ids=["killed", "to its end"])
def test_a_tag_made_by_hand_of_which_nobody_can_tell_whose_it_is_is_named_until_somebody_puts_it_on(
    applied: Project, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    path = retagged(tmp_path, FLAG, OTHER)
    with monkeypatch.context() as patched:
        killed_after(patched, applied, MOST if is_whole else 1, lambda: put_on(applied, begin(applied, "")))
        apply(run, applied, path)
    for _ in range(2):
        assert holds(applied) == []
        shown = run("flags", "plan", str(path), "--url", applied.url)
        assert f"the tag {HOLD} holds no flag, and an apply that did not come to its end" in shown.stdout + shown.stderr
        apply(run, applied, path)
    put_on(applied, tag(applied))
    assert f"flag {FLAG} is held until 2999" in apply(run, applied, retagged(tmp_path, FLAG)).stderr
    shown = run("flags", "plan", str(path), "--url", applied.url)
    assert "holds no flag" not in shown.stdout + shown.stderr


def tag(server: Project) -> int:
    return next(int(row["id"]) for row in server.client.pages(TAGS) if row["label"] == HOLD)


def is_at_work(server: Project) -> bool:
    with connect(stack=None, url=server.url) as connection:
        return stopped_writing_tags(read(connection, []))
