"""Notes of an apply that cannot be kept, are old, or are written by two runs undo nobody's switch."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.commands.flags.history.last_run import DESCRIPTION, last_run, stopped_writing_tags, with_number
from flagops.commands.flags.history.left import Left
from flagops.commands.flags.history.notes import FileStore
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import TAG
from flagops.kubernetes.refusals import ApiError
from flagops.waiting import NotYet, until
from tests.flagops.commands.flags.support import EXAMPLE, Once, Project, Run, example
from tests.flagops.commands.flags.switching import FLAG, OTHER, feature, state, switch
from tests.flagops.commands.flags.test_hands import elsewhere, following

STOPPED = 3
FAULTS: dict[str, Callable[[], Exception]] = {
    "a file that may only be read": lambda: PermissionError(errno.EACCES, os.strerror(errno.EACCES)),
    "a full disk": lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "a ConfigMap that may not be written": lambda: ApiError(403, "Forbidden", "no", "Cannot write it"),
}
Apply = Callable[..., Result]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "left.json"


@pytest.fixture
def apply(server: Project, run: Run, notes: Path) -> Apply:
    def command(path: Path, *options: str) -> Result:
        return run("flags", "apply", str(path), "--url", server.url, "--notes", str(notes), "--yes", *options)

    return command


@pytest.fixture
def noted(server: Project, apply: Apply, notes: Path, once: Once) -> Project:
    """A project that has the example, with notes of it."""
    return once(server, lambda: apply(EXAMPLE), notes)


def both(home: Path) -> Path:
    """The example with two flags switched: one on, one off."""
    return example(home, lambda text: following(elsewhere(text)))


def written(server: Project) -> set[tuple[str, str]]:
    assert server.double
    return {(method, path) for method, path in server.double.requests if method != "GET"}


@pytest.mark.parametrize("fault", FAULTS)
def test_where_the_notes_cannot_be_kept_nothing_is_written(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    def fail(*_: object) -> None:
        error = FAULTS[fault]()
        raise error

    assert noted.double
    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "save", fail)
        noted.double.forget()
        done = apply(both(tmp_path))
    assert done.exit_code == 1
    assert "What this apply leaves cannot be noted" in done.stderr
    assert "could undo somebody's switch" in done.stderr
    assert "--notes" in done.stderr
    assert written(noted) == set()
    # So that what the next one finds is told rightly.
    assert apply(both(tmp_path)).exit_code == 0


def test_where_the_notes_fail_in_between_nothing_more_is_written_and_no_switch_is_undone(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, saved = FileStore.save, []

    def fail(self: FileStore, left: Left) -> None:
        saved.append(left)
        if len(saved) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(self, left)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "save", fail)
        done = apply(both(tmp_path))
    assert done.exit_code == 1
    assert "What this apply leaves cannot be noted: [Errno 28]" in done.stderr
    assert state(noted)["enabled"] is False, "what could not be noted was not written"
    assert state(noted, OTHER)["enabled"] is True


def test_a_full_disk_leaves_no_half_a_file(noted: Project, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert noted
    before = notes.read_text(encoding="utf-8")
    store = FileStore(notes)
    left = store.load()
    assert left

    def full(descriptor: int) -> None:
        os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            store.save(left)
    assert [item.name for item in notes.parent.iterdir() if "left" in item.name] == ["left.json"]
    assert notes.read_text(encoding="utf-8") == before


def test_a_run_that_was_killed_undoes_no_switch_that_came_after_it(
    noted: Project, apply: Apply, tmp_path: Path, notes: Path
) -> None:
    """Its process is killed when one flag is written and the other is waited for."""
    path, double = both(tmp_path), noted.double
    assert double
    number, keys = feature(noted, OTHER)["id"], noted.environments().values()
    double.hanging |= {f"/api/__future__/environments/{key}/features/{number}/" for key in keys}
    words = ("flags", "apply", str(path), "--url", noted.url, "--notes", str(notes), "--yes")
    process = subprocess.Popen(
        [sys.executable, "-c", "from flagops.cli import main; main()", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_written() -> bool | NotYet:
        return bool(state(noted)["enabled"]) or NotYet("not written yet")

    until(is_written, 60.0, late="the first flag was not written", hint="")
    process.send_signal(signal.SIGKILL)
    process.wait()
    double.hanging.clear()
    double.release.set()
    switch(noted, on=False)
    done = apply(path)
    assert done.exit_code == STOPPED, done.stderr
    assert state(noted)["enabled"] is False, "the switch is not undone"
    assert f"! flag {FLAG}: left as it is" in done.stderr


def test_old_notes_are_known_as_old(noted: Project, apply: Apply, run: Run, tmp_path: Path, notes: Path) -> None:
    """A pipeline is given last week's file: what it says is what somebody's kill switch made of the flag since."""
    path, old = both(tmp_path), tmp_path / "old.json"
    shutil.copy(notes, old)
    assert apply(path).exit_code == 0
    switch(noted, on=False)
    done = run("flags", "apply", str(path), "--url", noted.url, "--notes", str(old), "--yes")
    assert done.exit_code == STOPPED, done.stderr
    assert "The notes are of an older apply than the last one there" in done.stderr
    assert state(noted)["enabled"] is False


def test_an_apply_without_notes_makes_those_that_there_are_old(
    noted: Project, apply: Apply, run: Run, tmp_path: Path
) -> None:
    path = both(tmp_path)
    back = ("--take-back", FLAG, "--take-back", OTHER)
    assert run("flags", "apply", str(path), "--url", noted.url, "--yes", *back).exit_code == 0
    switch(noted, on=False)
    assert apply(path).exit_code == STOPPED
    assert state(noted)["enabled"] is False


def test_of_two_runs_at_a_time_the_later_one_stops_before_its_first_write(
    noted: Project, apply: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the same; the other one begins while this one is about to."""
    save = FileStore.save
    (tag,) = [row for row in noted.client.pages("/api/v1/projects/1/tags/") if row["label"] == "managed-by-ff"]

    def racing(self: FileStore, left: Left) -> None:
        save(self, left)
        description = with_number(tag["description"], "0" * 12)
        noted.client.patch(f"/api/v1/projects/1/tags/{tag['id']}/", {"description": description})

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "save", racing)
        done = apply(both(tmp_path))
    assert done.exit_code == 1
    assert "Another apply began since this one read Flagsmith." in done.stderr
    assert state(noted)["enabled"] is False
    assert state(noted, OTHER)["enabled"] is True


def test_what_people_write_in_the_tag_s_description_stays() -> None:
    said = with_number("Ours. Ask ann.", "a" * 12)
    assert said == f"Ours. Ask ann. Last apply: {'a' * 12}."
    assert with_number(said, "b" * 12) == f"Ours. Ask ann. Last apply: {'b' * 12}."
    assert with_number("", "a" * 12).startswith(DESCRIPTION)
    assert len(with_number("x" * 600, "a" * 12, writes_tags=True)) == 512


def test_a_mark_that_ends_takes_nothing_of_a_long_description_with_it() -> None:
    said = with_number("x" * 600, "a" * 12)
    assert with_number(with_number(said, "a" * 12, writes_tags=True), "a" * 12) == said


def test_of_a_number_that_an_older_release_added_behind_the_mark_the_last_one_counts() -> None:
    """It knows no mark, so what the marked apply left unfinished is unfinished still."""
    both = f"{with_number('Ours.', 'a' * 12, writes_tags=True)} Last apply: {'b' * 12}."
    found = Snapshot({}, {}, tag_descriptions={TAG: both})
    assert (last_run(found), stopped_writing_tags(found)) == ("b" * 12, True)
    assert with_number(both, "c" * 12) == f"Ours. Last apply: {'c' * 12}."


@pytest.mark.parametrize("fate", ["lost", "another project's"])
def test_notes_that_are_lost_are_said(noted: Project, run: Run, notes: Path, fate: str) -> None:
    if fate == "lost":
        notes.unlink()
    else:
        notes.write_text(notes.read_text(encoding="utf-8").replace('"project": 1', '"project": 7'), encoding="utf-8")
    planned = run("flags", "plan", str(EXAMPLE), "--url", noted.url, "--notes", str(notes))
    what = "are not there" if fate == "lost" else "are of another project"
    assert f"An apply was here before, and its notes {what}" in planned.stderr
    assert str(notes) in planned.stderr


def test_a_first_apply_has_no_notes_to_miss(server: Project, apply: Apply) -> None:
    assert server
    assert "An apply was here before" not in apply(EXAMPLE).stderr
