"""`ff completion`: a real shell completes words, stacks, environments, flags and secrets, and never prints an error."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from typer.testing import CliRunner, Result

from flagops import project
from flagops.cli import app
from flagops.commands.db.backups import listed
from flagops.commands.db.backups.command import NAMES
from flagops.terminal import tab
from tests.commands import EVERY
from tests.recording import ROOT

FF = Path(sys.executable).with_name("ff")
Program = Callable[[str, str], str]


def asking(words: str) -> dict[str, str]:
    """What the script of bash asks, when Tab is pressed at the end of these words."""
    return {"_FF_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}


def asked(words: str, at: Path = ROOT) -> str:
    """What bash is told, asked in this process, where an error would be one of the test."""
    with mock.patch.dict("typer._click.shell_completion._available_shells"), chdir(at):
        tab.complete_in_shells()
        try:
            done = CliRunner(env=asking(words)).invoke(app, prog_name="ff", catch_exceptions=False)
        finally:
            project.end()
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def process(words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """What a process of its own tells bash."""
    return subprocess.run(
        [FF], cwd=at, env={**os.environ, **asking(words)}, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ("ff ", {"up", "flags", "completion"}),
        ("ff do", {"down", "doctor", "docs"}),
        ("ff flags ex", {"export", "explain"}),
        ("ff status --st", {"--stack"}),
        ("ff status --stack ", {"local", "staging", "production"}),
        ("ff flags plan --stack st", {"staging"}),
        ("ff images lock --stack local --stack st", {"staging"}),
        ("ff policy check --stack ", {"local", "production"}),
        ("ff smoke --environment ", {"development", "staging", "production"}),
        ("ff flags get --environment prod", {"production"}),
        ("ff flags usage --environment staging --environment d", {"development"}),
        ("ff flags usage --flag new_", {"new_feature_rollout"}),
        ("ff flags promote development staging --flag new_", {"new_feature_rollout"}),
        ("ff flags serve --from loc", {"local"}),
        ("ff flags explain --environment ", {"development", "staging", "production"}),
        ("ff flags promote dev", {"development"}),
        ("ff secrets rotate ", {"database", "postgres"}),
        ("ff db restore ", {"latest"}),
        ("ff completion ", {"bash", "zsh", "fish"}),
        ("ff cache flush f", {"flags"}),
        ("ff flags export --only ", {"new_feature_rollout", "beta_users"}),
        ("ff flags apply --take-back be", {"beta_users"}),
        ("ff flags explain new_", {"new_feature_rollout"}),
    ],
)
def test_names_are_completed(words: str, some: set[str]) -> None:
    found = set(asked(words).split())
    assert found >= some, found
    last = words.split(" ")[-1]
    assert all(name.startswith(last) for name in found)


def completes(parameter: Any) -> bool:
    """Whether a shell is given names for it."""
    return getattr(parameter, "_custom_shell_complete", None) is not None


def test_every_stack_environment_and_flag_is_completed_wherever_it_is_asked_for() -> None:
    named = {"--stack", "--environment", "--flag", "--feature", "--from"}
    silent = {
        f"{words} {name}"
        for words, command in EVERY.items()
        for parameter in command.params
        for name in named & set(parameter.opts)
        if not completes(parameter)
    }
    assert silent == set()
    assert not completes(next(item for item in EVERY["up"].params if "--engine" in item.opts)), "it sees a difference"


@pytest.mark.parametrize(
    "words", ["ff nothing ", "ff up --nonsense ", "ff flags explain x' ", 'ff "', "ff up --stack $(touch here) "]
)
def test_what_is_wrong_is_passed_over_in_silence(words: str, tmp_path: Path) -> None:
    done = process(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [None, "flags: [", "\x00", "a: &a [*a]"])
def test_a_catalogue_that_is_broken_or_missing_gives_no_names(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "flags").mkdir()
        (tmp_path / "flags" / "catalogue.yaml").write_text(text)
    assert asked("ff flags explain --environment ", tmp_path).strip() == ""


def test_a_catalogue_that_never_answers_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "flags").mkdir()
    os.mkfifo(tmp_path / "flags" / "catalogue.yaml")
    started = time.monotonic()
    done = process("ff flags explain --environment ", tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    assert time.monotonic() - started < 50


def test_the_backups_that_were_listed_last_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path / "state"))
    listed.keep("staging", ["feature-flags-20261128T020000Z", "feature-flags-20261127T020000Z"])
    found = asked("ff db restore --stack staging feature-flags-20261128")
    assert found.split() == ["feature-flags-20261128T020000Z"]
    assert asked("ff db drill --stack staging --base ").split() == ["latest"], "a dump is no base backup"


def named(**given: object) -> list[str]:
    """What a BACKUP may be after these options."""
    ctx: Any = SimpleNamespace(params=given)
    return NAMES(ctx, "")


def test_backups_are_completed_for_their_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path / "state"))
    listed.keep("staging", ["newer", "older"])
    assert named(stack="staging") == ["latest", "newer", "older"]
    assert named(stack="production") == ["latest"]
    assert named(stack="staging", base=True) == ["latest"]
    listed.keep("staging", [])
    assert named(stack="staging") == ["latest"], "those that are gone are offered no more"


@pytest.mark.parametrize("text", ["[", "7", "\x00", '["a', "[" * 1000])
def test_where_the_note_cannot_be_read_latest_is_completed(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path / "state"))
    listed.keep("staging", ["a"])
    (note,) = (tmp_path / "state" / "listed-backups").iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    note.write_text(text, encoding="utf-8")
    assert named(stack="staging") == ["latest"]


def test_outside_of_a_project_latest_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named(stack="staging") == ["latest"]


@pytest.mark.parametrize("state", ["{}/state", "~nobody-of-that-name/state"])
def test_where_nothing_can_be_written_backups_are_listed_all_the_same(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("FF_STATE_DIR", state.format(tmp_path))
    listed.keep("staging", ["a"])
    assert named(stack="staging") == ["latest"]


def test_bash_completes_with_the_printed_script(program: Program, tmp_path: Path) -> None:
    script = subprocess.run([FF, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "ff.bash").write_text(script)
    lines = (
        f'source "{tmp_path}/ff.bash"\ncomplete -p ff\n'
        "COMP_WORDS=(ff status --stack st); COMP_CWORD=3\n_ff_completion ff\n"
        'printf "<%s>" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        [program("bash", "bash"), "--norc", "-c", lines],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{FF.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-F _ff_completion ff" in done.stdout
    assert done.stdout.endswith("<staging>")
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_can_read(shell: str, run: Callable[..., Result], tmp_path: Path) -> None:
    printed = run("completion", shell).stdout
    assert "_FF_COMPLETE" in printed
    there = shutil.which(shell)
    if there:
        (tmp_path / "script").write_text(printed)
        subprocess.run([there, "-n", tmp_path / "script"], check=True)


def test_another_shell_is_refused(run: Callable[..., Result]) -> None:
    assert run("completion", "tcsh").exit_code == 2


def test_a_name_that_a_shell_could_run_is_offered_to_none(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    (tmp_path / "flags").mkdir()
    names = [
        "only",
        "Two Words",
        "$(touch run)",
        "a`touch run`",
        "a;b",
        "a|b",
        "a&b",
        "a>b",
        "a'b",
        'a"b',
        r"a\b",
        "a*",
        "~a",
        "#a",
    ]
    (tmp_path / "flags" / "catalogue.yaml").write_text(json.dumps({"project": "p", "environments": names, "flags": {}}))
    assert asked("ff flags explain --environment ", tmp_path).splitlines() == ["only", "Two\\ Words"]
