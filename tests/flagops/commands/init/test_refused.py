"""A wrong answer, or a place where no project can be made: one sentence, and nothing is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flagops.commands.init import new
from flagops.errors import BadInputError
from tests.flagops.commands.init.support import MINIMAL, NEEDED, Run, content, made


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "https://flags.example.com"), "--host 'https://flags.example.com' must be a DNS name such as"),
        (("--host", "localhost"), "--host 'localhost' must be a DNS name"),
        (("--staging-host", "flags.example.com"), "must be another name than --host"),
        (("--context", " "), "--context ' ' must not be empty"),
        (("--context", "${{ github.actor }}"), "must have no $, which workflows take for a variable"),
        (("--staging-context", "my$HOME"), "--staging-context 'my$HOME' must have no $"),
        (("--controller", "Traefik!"), "--controller 'Traefik!' must be the name of a Kubernetes object"),
        (("--controller", "alb"), "--controller alb is a load balancer without pods: give the addresses"),
        (("--controller-networks", "10.0.0.300/8"), "--controller-networks "),
        (("--controller-namespace", "Edge"), "--controller-namespace 'Edge' must be the name"),
        (("--team", "Shop"), "--team 'Shop' must be at most 20 lower-case letters"),
        (("--team", "a" * 21), "must be at most 20"),
        (("--name", ""), "--name '' must not be empty"),
        (("--issuer", "a b"), "--issuer 'a b' must be the name"),
        (("--backend", "ftp://state"), "--backend 'ftp://state' must be pulumi-cloud, or a bucket"),
        (("--backend", "s3://state\nx: y"), "must be pulumi-cloud, or a bucket"),
        (("--platform", "feature-flags"), "names no release"),
        (("--platform", "feature-flags==99.0.0"), "--platform names 99.0.0, and this command is "),
        (("--platform", "requests==2"), "is not a requirement of feature-flags"),
        (("--platform", "feature-flags==1\nevil==2"), "is not a requirement of feature-flags"),
        (
            ("--platform", "feature-flags @ git+https://me:secret@git.example.com/f@v1.0.0"),
            "--platform holds a password",
        ),
        (("--platform", "./feature_flags-9.0-py3-none-any.whl"), "is not there"),
    ],
    ids=lambda value: "_".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_a_wrong_answer_is_one_sentence_and_nothing_is_written(
    options: tuple[str, ...], said: str, run: Run, tmp_path: Path
) -> None:
    result = made(run, tmp_path / "a" / "b", *options, code=1)
    assert said in result.stderr
    assert result.stderr.count("Error: ") == 1
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "a").exists()
    assert "secret" not in result.stderr.replace("--platform holds", "")


def test_a_folder_with_files_is_refused_and_left(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    before = content(tmp_path)
    result = made(run, tmp_path, code=1)
    assert f"Error: {tmp_path} is not empty: it has mine.txt. Nothing was written." in result.stderr
    assert "ff init --upgrade" in result.stderr
    assert content(tmp_path) == before


def test_a_new_repository_is_as_good_as_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".ff-init-killed").mkdir()
    (tmp_path / "LICENSE").write_text("mine", encoding="utf-8")
    made(run, tmp_path)
    assert (tmp_path / "LICENSE").read_text(encoding="utf-8") == "mine"
    assert set(content(tmp_path)) == MINIMAL | {"LICENSE"}


def test_a_file_in_place_of_the_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"Error: {tmp_path / 'file'} is a file, or below one." in made(run, tmp_path / "file", code=1).stderr
    assert "is a file, or below one." in made(run, tmp_path / "file" / "below", code=1).stderr


def test_a_folder_that_somebody_removed_meanwhile(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = run("init", *NEEDED)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: No project can be made in .: No such file or directory." in result.stderr


@pytest.mark.parametrize("there", [True, False])
def test_what_fails_half_way_leaves_nothing(
    there: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a" / "project"
    if there:
        (place / ".git").mkdir(parents=True)
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "README.md":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    result = made(run, place, code=1)
    assert f"Error: No project can be made in {place}: Permission denied." in result.stderr
    assert [path.name for path in tmp_path.rglob("*")] == (["a", "project", ".git"] if there else [])


def test_settings_that_the_platform_refuses_leave_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = new.check

    def odd(draft: Path) -> None:
        path = draft / "Pulumi.staging.yaml"
        path.write_text(path.read_text("utf-8") + "  feature-flags:replicas: 0\n", encoding="utf-8")
        check(draft)

    monkeypatch.setattr(new, "check", odd)
    result = made(run, tmp_path / "p", code=1)
    assert (
        'Error: The platform refuses the settings of the stack staging:\nfeature-flags:replicas = "0"' in result.stderr
    )
    assert not (tmp_path / "p").exists()


def test_a_way_back_up_leaves_nothing_either(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise BadInputError("The platform refuses this.")

    monkeypatch.setattr(new, "check", refuse)
    said = made(run, tmp_path / "a" / ".." / "b", code=1).stderr
    assert "Error: The platform refuses this." in said
    assert not list(tmp_path.iterdir())


def test_an_interrupt_half_way_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom flagops.cli import app\nrename = Path.rename\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # who started the tests may ignore it
        "def stop(self, target):\n    if self.name == 'README.md':\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return rename(self, target)\nPath.rename = stop\napp(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", script, "init", str(tmp_path / "p"), *NEEDED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert not list(tmp_path.iterdir())


KILLED = (
    "import os, signal, sys\nfrom pathlib import Path\nfrom flagops.cli import app\nrename = Path.rename\n"
    "def stop(self, target):\n    if self.name == sys.argv[1]:\n        os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return rename(self, target)\nPath.rename = stop\napp(sys.argv[2:])\n"
)


def killed(place: Path, at: str) -> None:
    """Run `ff init` until it moves that file to its place, and kill it there."""
    command = [sys.executable, "-c", KILLED, at, "init", str(place), *NEEDED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("at", [".github", "flags", ".ff-init.yaml"])
def test_after_a_kill_half_way_a_second_run_makes_all_of_it(at: str, run: Run, tmp_path: Path) -> None:
    place = tmp_path / "p"
    killed(place, at)
    assert not (place / ".ff-init.yaml").exists(), "the record is the last"
    assert "was not made by ff init" in run("init", str(place), "--upgrade").stderr
    made(run, place, "--host", "other.example.com", "--template", "full", "--ci", "none")
    assert not list(place.glob(".ff-init-*"))
    made(run, tmp_path / "wanted", "--host", "other.example.com", "--template", "full", "--ci", "none")
    assert content(place) == content(tmp_path / "wanted")


def test_a_second_run_that_is_killed_too_leaves_folders_which_a_third_one_takes(run: Run, tmp_path: Path) -> None:
    killed(tmp_path, "flags")
    for path in (tmp_path / ".github").rglob("*.yml"):
        path.unlink()
    made(run, tmp_path)
    made(run, tmp_path / "wanted")
    assert {path.relative_to(tmp_path) for path in tmp_path.glob(".github/**/*")} == {
        path.relative_to(tmp_path / "wanted") for path in tmp_path.glob("wanted/.github/**/*")
    }


def test_after_a_kill_half_way_an_edit_is_left(run: Run, tmp_path: Path) -> None:
    killed(tmp_path, "flags")
    (tmp_path / ".github" / "mine.yml").write_text("mine", encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("mine", encoding="utf-8")
    before = content(tmp_path)
    said = made(run, tmp_path, code=1).stderr
    assert f"Error: {tmp_path} is not empty: it has .github, Pulumi.yaml. Nothing was written." in said
    assert content(tmp_path) == before


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_files_have_the_usual_modes(run: Run, tmp_path: Path) -> None:
    made(run, tmp_path / "p")
    for path in (tmp_path / "p").rglob("*"):
        assert path.stat().st_mode & 0o777 in (0o755, 0o644), path
