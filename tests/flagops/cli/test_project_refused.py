"""Projects that are refused: somebody else's, broken, or not there; never another one in their place."""

import os
import subprocess
from pathlib import Path

import pytest

from flagops import project
from flagops.errors import BadInputError, NotFoundError, OpsError, RefusedError
from flagops.project import FILE, VARIABLE, OutsideError
from tests.flagops.cli.projects import FF, OURS, Run, made, refused, stacks_of


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: shop\nruntime: python\n", "its name is 'shop' and not feature-flags."),
        ("name: feature-flags\nruntime: nodejs\n", "its runtime is 'nodejs' and not python."),
        ("name: feature-flags\nruntime: {name: go}\n", "its runtime is 'go' and not python."),
        ("name: feature-flags\nruntime: {}\n", "it has no runtime."),
        ("name: feature-flags\nruntime: python\nmain: infra/\n", "its main is 'infra/', and the program is in the"),
        ("name: feature-flags\nruntime: python\nmain: [a]\n", "its main is "),
        ("name: [1]\nruntime: 5\n", "; its runtime is 5 and not python."),
        ("", "it has no name; it has no runtime."),
    ],
)
def test_another_program_s_is_named_with_the_reason(text: str, why: str, run: Run, home: Path) -> None:
    made(home, text)
    said = refused(run, "env")
    assert f"There is no project here: {home / FILE} is another program's: " in said
    assert why in said
    # What was typed is cut off where it is long, as this directory may be.
    assert f"--project '.' is not a project: {home / FILE} is another program's: " in refused(
        run, "--project", ".", "env"
    )


def test_another_program_s_within_ours_is_not_passed_over(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(home / "ours", OURS, "blue")
    monkeypatch.chdir(made(home / "ours" / "theirs", "name: shop\nruntime: go\n"))
    said = refused(run, "up", "--yes")
    assert "ours/theirs/Pulumi.yaml is another program's: its name is 'shop'" in said
    assert f"The project above it is taken if you name it: ff --project {home / 'ours'} …" in said
    assert stacks_of(run, "--project", "..") == "blue"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"name: [ }", r"cannot be read: line 1"),
        (b"\xff\xfe", "is not UTF-8 text."),
        (b"- 1\n", "must be a mapping of keys to values."),
        (b"name: &a [*a]\n", "cannot be read: "),
        (b"name: " + b"x" * 200_000, "cannot be read: it has more than 128 KiB"),
    ],
)
def test_a_broken_one_decides_too(text: bytes, why: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home / "ours", OURS, "blue")
    monkeypatch.chdir(made(home / "ours" / "broken"))
    Path(FILE).write_bytes(text)
    result = run("env")
    assert result.exit_code == 1
    assert str(home / "ours" / "broken" / FILE) in result.stderr
    assert why in result.stderr


@pytest.mark.parametrize("kind", ["directory", "pipe", "link to nothing", "link to itself"])
def test_what_is_no_file_is_told(kind: str, run: Run, home: Path) -> None:
    path = home / FILE
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(home / ("nothing" if kind == "link to nothing" else FILE))
    result = run("env")
    assert result.exit_code == 1
    assert f"Error: {path} " in result.stderr
    with pytest.raises(OpsError):
        project.root_or_none()


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home)
    (home / "closed").mkdir()
    plain = Path.lstat

    def closed(path: Path) -> os.stat_result:
        if path.parent.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(Path, "lstat", closed)
    monkeypatch.chdir(home / "closed")
    with pytest.raises(BadInputError, match=r"closed/Pulumi\.yaml cannot be read: Permission denied"):
        project.root()


def test_a_file_that_cannot_be_read_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(home) / FILE

    def unreadable(*_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("components.text.bounds.text_of", unreadable)
    with pytest.raises(BadInputError, match=r"Pulumi\.yaml cannot be read: Permission denied"):
        project.root()


def test_what_another_user_left_above_you_is_not_run(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(home)
    (home / "mine").mkdir()
    monkeypatch.setattr("os.getuid", lambda: 4711)
    monkeypatch.chdir(home / "mine")
    owner = (home / FILE).lstat().st_uid
    if owner == 0:
        os.chown(home / FILE, 1234, -1)
    with pytest.raises(RefusedError, match="belongs to another user") as error:
        project.root()
    assert f"--project {home}" in str(error.value.hint)
    monkeypatch.setenv(VARIABLE, str(home))
    assert project.root() == home, "who names it trusts it"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.chdir(home)
    assert project.root() == home, "who goes there too"


# Told wrongly.


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nowhere", "'nowhere' is not there."),
        ("p/Pulumi.yaml", "'p/Pulumi.yaml' is a file."),
        ("p/below", "'p/below' is not a project: it has no Pulumi.yaml."),
        ("empty", "'empty' is not a project: it has no Pulumi.yaml."),
        ("circle", "'circle' cannot be read: "),
        ("x" * 300, "cannot be read: File name too long."),
    ],
)
def test_a_wrong_folder_is_told_and_no_other_taken(
    named: str, why: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made(home / "p", OURS, "blue") / "below").mkdir()
    (home / "empty").mkdir()
    (home / "circle").symlink_to(home / "circle")
    said = run("--project", named, "env").stderr
    assert said.startswith("Error: --project ")
    assert why in said
    assert run("--project", named, "flags", "schema").exit_code == 1, "what is typed is checked where none is needed"
    monkeypatch.setenv(VARIABLE, named)
    said = run("env").stderr
    assert said.startswith("Error: FF_PROJECT ")
    assert why in said
    if "below" in named:
        assert f"ff --project {home / 'p'} …" in said
    assert run("flags", "schema").exit_code == 0
    with pytest.raises((NotFoundError, BadInputError)) as error:
        project.root_or_none()
    assert not isinstance(error.value, OutsideError), "a wrong word is never as good as none"


def test_an_empty_or_impossible_option_is_refused(run: Run, home: Path) -> None:
    made(home, OURS, "blue")
    assert "Error: --project is empty." in run("--project", "", "env").stderr
    assert "Error: --project holds a zero byte." in run("--project", "a\0b", "env").stderr
    assert run("--project").exit_code == 2


def test_a_working_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    p = made(tmp_path / "p", OURS, "blue")
    script = 'rmdir "$PWD"; shift 0; exec "$@"'
    environment = {**os.environ, "COLUMNS": "400"}
    environment.pop(VARIABLE, None)

    def ff(*words: str) -> subprocess.CompletedProcess[str]:
        gone.mkdir(exist_ok=True)
        command = ["sh", "-c", script, "sh", str(FF), *words]
        return subprocess.run(command, cwd=gone, env=environment, capture_output=True, text=True, check=False)

    assert "Error: There is no project to find: the working directory" in ff("env").stderr
    assert ff("--version").returncode == 0
    named = ff("--project", str(p), "env", "--stack", "nowhere")
    assert "the stacks here are: blue" in named.stderr, named.stderr


def test_a_folder_with_a_strange_name_is_told_in_letters_that_can_be_seen(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = Path(os.fsdecode(os.fsencode(home) + b"/o\xffdd\x1b[31m"))
    strange.mkdir()
    assert run("--project", str(strange), "env").exit_code == 1
    monkeypatch.chdir(strange)
    said = refused(run, "env")
    assert "/o\\udcffdd\\x1b[31m nor a folder above it" in said
    assert "\x1b" not in said
