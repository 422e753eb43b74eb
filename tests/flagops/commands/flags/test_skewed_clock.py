"""Three-way apply where Flagsmith's clock is another one than this machine's: all goes by Flagsmith's."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.flags.history import applies
from flagops.commands.flags.reconcile.apply.at_once import AtOnce
from flagops.commands.flags.reconcile.journal import Journal
from tests.doubles.flagsmith.database import CLOCK
from tests.flagops.commands.flags.support import EXAMPLE, Once, Project, Run, example
from tests.flagops.commands.flags.switching import ANN, FLAG, as_ann, by_key, set_flag, state, switch

STOPPED, INTERRUPTED = 3, 130
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
Command = Callable[..., Result]


@pytest.fixture(params=[DAY, -DAY], ids=["ahead", "behind"])
def skewed(request: pytest.FixtureRequest, server: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A server whose clock is a day away, and whose audit log is shown."""
    assert server.double
    monkeypatch.setattr(CLOCK, "ahead", request.param)
    server.double.database.shows_audit = True
    by_key(server)
    return server


@pytest.fixture
def apply(skewed: Project, run: Run, tmp_path: Path, once: Once) -> Command:
    """`ff flags apply` with notes in a file; the example was applied a minute ago, or longer where that is a copy."""

    def command(path: Path = EXAMPLE, *options: str) -> Result:
        notes = ("--notes", str(tmp_path / "notes.json"))
        return run("flags", "apply", str(path), "--url", skewed.url, "--yes", *notes, *options)

    once(skewed, command, tmp_path / "notes.json", kind=f"{CLOCK.ahead} ahead")
    later()
    return command


def later(by: timedelta = MINUTE) -> None:
    CLOCK.ahead += by


def switched_on(home: Path) -> Path:
    return example(home, lambda text: text.replace("production: {enabled: false}", "production: {enabled: true}", 1))


def kill(monkeypatch: pytest.MonkeyPatch, apply: Command, path: Path, *, is_written: bool) -> None:
    """A run that is killed at its first flag, before or after it is written."""
    write = AtOnce.write

    def killed(self: AtOnce, *arguments: Any) -> bool:
        if is_written:
            write(self, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AtOnce, "write", killed)
        patched.setattr(Journal, "end", lambda *_, **__: None)
        assert apply(path).exit_code == INTERRUPTED


def test_after_a_run_that_was_killed_the_log_tells_that_nobody_was_there(
    skewed: Project, apply: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = switched_on(tmp_path)
    for one in (path, EXAMPLE):  # so that the log has something of it
        assert apply(one).exit_code == 0
    later()
    kill(monkeypatch, apply, path, is_written=False)
    later()
    done = apply(path)
    assert done.exit_code == 0, done.stderr
    assert state(skewed)["enabled"] is True


def test_what_somebody_took_back_after_a_run_that_was_killed_stays(
    skewed: Project, apply: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = switched_on(tmp_path)
    kill(monkeypatch, apply, path, is_written=True)
    later()
    as_ann(skewed)
    switch(skewed, on=False)
    by_key(skewed)
    later()
    done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert f"changed by {ANN}" in done.stderr
    assert state(skewed)["enabled"] is False
    assert apply(path, "--take-back", FLAG).exit_code == 0
    assert state(skewed)["enabled"] is True


def test_a_switch_by_hand_is_named_with_the_server_s_time(skewed: Project, apply: Command) -> None:
    as_ann(skewed)
    switch(skewed, on=True)
    at = CLOCK.now()
    by_key(skewed)
    done = apply()
    assert done.exit_code == STOPPED, done.stderr
    assert f"changed by {ANN} at {at:%Y-%m-%d}" in done.stderr
    assert state(skewed)["enabled"] is True


def test_a_hold_ends_by_the_server_s_clock(skewed: Project, apply: Command, run: Run, tmp_path: Path) -> None:
    path = switched_on(tmp_path)
    assert set_flag(run, skewed, FLAG, "--off", "-e", "production", "--hold", "2h").exit_code == 0
    later(timedelta(hours=1))
    done = apply(path)
    assert "held until" in done.stdout + done.stderr
    assert state(skewed)["enabled"] is False
    later(timedelta(hours=2))
    done = apply(path)
    assert "held until" not in done.stdout + done.stderr


def test_a_run_is_recorded_by_the_server_s_clock(apply: Command, tmp_path: Path) -> None:
    record = tmp_path / "applies"
    before = CLOCK.now() - timedelta(seconds=1)
    assert apply(switched_on(tmp_path), "--record", str(record)).exit_code == 0
    (found,) = applies.of_file(record)
    assert before <= found.started <= found.finished <= CLOCK.now()
