"""A session's directory in memory is made where there is room, and goes even if a session was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from tests import temporary
from tests.recording import ROOT
from tests.temporary import PREFIX, is_offered, made, remove_left

OTHER = (
    "import sys, pathlib; from tests.temporary import made; print(made(pathlib.Path(sys.argv[1])), flush=True); input()"
)


@pytest.fixture
def other(tmp_path: Path) -> subprocess.Popen[str]:
    """Another session, which has made its directory."""
    command = [sys.executable, "-c", OTHER, str(tmp_path)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_one_of_a_session_that_runs_stays_and_one_of_a_killed_session_goes(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    with other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        (theirs / "file").touch()
        ours = made(tmp_path)
        remove_left(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {ours.name, theirs.name}
        other.send_signal(signal.SIGKILL)
    remove_left(tmp_path)
    assert ours.is_dir()
    assert not theirs.exists()


def test_what_is_no_directory_of_ours_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    (tmp_path / f"{PREFIX}file").touch()
    remove_left(tmp_path)
    assert (elsewhere / "file").exists()
    assert (tmp_path / f"{PREFIX}file").exists()


def test_one_that_goes_while_it_is_looked_at_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    monkeypatch.setattr(Path, "glob", lambda *_: [tmp_path / f"{PREFIX}gone", left])
    remove_left(tmp_path)
    assert not left.exists()


def test_after_a_session_nothing_names_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = SimpleNamespace(stash=pytest.Stash(), option=SimpleNamespace(basetemp=None))
    monkeypatch.setattr(temporary, "MEMORY", tmp_path)
    monkeypatch.setattr(temporary, "is_offered", lambda *_: True)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with mock.patch.dict(os.environ):
        temporary.pytest_configure(config)
        (there,) = tmp_path.iterdir()
        assert os.environ["TMPDIR"] == tempfile.gettempdir() == str(there)
        temporary.pytest_unconfigure(config)
        assert not there.exists()
        assert "TMPDIR" not in os.environ
        assert tempfile.gettempdir() != str(there)


def test_it_is_in_memory_where_there_is_room_and_nobody_says_otherwise(tmp_path: Path) -> None:
    assert is_offered(tmp_path, {}, room=1)
    assert not is_offered(tmp_path, {"TMPDIR": "/var/tmp"}, room=1)
    assert not is_offered(tmp_path, {}, room=2**62)
    assert not is_offered(tmp_path / "none", {}, room=1)


def test_a_container_keeps_half_of_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("2000\n", encoding="utf-8")
    monkeypatch.setattr(temporary, "LIMITS", (tmp_path / "none", tmp_path / "memory.max"))
    assert is_offered(tmp_path, {}, room=1000)
    assert not is_offered(tmp_path, {}, room=1001)
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    assert is_offered(tmp_path, {}, room=1001)


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="Linux alone has it")
def test_where_nothing_may_be_executed_it_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = list(os.statvfs(tmp_path))
    there[8] |= os.ST_NOEXEC
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(there))
    assert not is_offered(tmp_path, {}, room=1)
