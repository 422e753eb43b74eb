"""Two runs of `ff init` in one folder: one makes the project, and the other one says so."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flagops.commands.init import new
from flagops.commands.init.alone import alone
from flagops.errors import RefusedError
from tests.flagops.commands.init.support import NEEDED, Run, content, made

WAITING = (
    "import sys\nfrom pathlib import Path\nfrom flagops.cli import app\nrename = Path.rename\n"
    "def wait(self, target):\n    if self.name == 'flags':\n        print('half', flush=True)\n"
    "        sys.stdin.read(1)\n    return rename(self, target)\nPath.rename = wait\napp(sys.argv[1:])\n"
)


def test_a_second_run_takes_nothing_from_one_that_is_half_way(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "p"
    command = [sys.executable, "-c", WAITING, "init", str(place), *NEEDED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == "half\n"
        half = content(place)
        said = made(run, place, code=1).stderr
        assert f"Error: In {place} another ff init is at work. Nothing was written." in said
        assert content(place) == half
        first.stdin.write("\n")
    assert first.returncode == 0
    made(run, tmp_path / "wanted")
    assert content(place) == content(tmp_path / "wanted")
    assert "is not empty" in made(run, place, code=1).stderr


def test_a_project_that_another_run_made_since_the_look_is_left(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "p"

    @contextmanager
    def late(directory: Path) -> Iterator[None]:
        monkeypatch.undo()
        made(run, directory)
        with alone(directory):
            yield

    monkeypatch.setattr(new, "alone", late)
    said = made(run, place, "--host", "other.example.com", code=1).stderr
    assert f"Error: {place} is not empty" in said
    made(run, tmp_path / "wanted")
    assert content(place) == content(tmp_path / "wanted")


def test_an_upgrade_waits_for_nobody_either(run: Run, tmp_path: Path) -> None:
    made(run, tmp_path, "--ci", "none")
    record = tmp_path / ".ff-init.yaml"
    record.write_text(record.read_text("utf-8").replace("ci: none", "ci: gitlab"), encoding="utf-8")
    with alone(tmp_path):
        result = run("init", str(tmp_path), "--upgrade", "--yes")
        assert result.exit_code == 1
        assert f"In {tmp_path} another ff init is at work." in result.stderr
    assert not (tmp_path / ".gitlab-ci.yml").exists()
    assert run("init", str(tmp_path), "--upgrade", "--yes").exit_code == 0
    assert (tmp_path / ".gitlab-ci.yml").exists()


def test_a_folder_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="odd"), alone(tmp_path):
        raise ValueError("odd")
    with alone(tmp_path), pytest.raises(RefusedError), alone(tmp_path):
        pass
