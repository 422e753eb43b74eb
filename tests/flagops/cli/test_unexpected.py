"""What nobody expected: one line for the user, the details in a file, and no secret in either."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand
from typer.testing import Result
from websocket import WebSocketConnectionClosedException

from flagops.kubernetes import masking
from flagops.unexpected import KEPT, watch_threads
from tests.commands import EVERY

Run = Callable[..., Result]


@pytest.fixture
def errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path))
    return tmp_path / "errors"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Let every command end in this error."""

    def break_all(error: Exception) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(TyperCommand, "parse_args", lambda *_: [])
        monkeypatch.setattr(TyperCommand, "invoke", fail)

    return break_all


@pytest.mark.parametrize("command", EVERY)
def test_a_library_s_exception_is_one_line_and_a_private_file_in_every_command(
    command: str, run: Run, errors: Path, broken: Callable[[Exception], None]
) -> None:
    broken(WebSocketConnectionClosedException("Connection to remote host was lost."))
    result = run(*command.split())
    assert result.exit_code == 1
    assert result.stdout == ""
    (file,) = errors.iterdir()
    assert result.stderr == (
        "Error: something that ff did not expect: WebSocketConnectionClosedException: Connection to remote host was "
        f"lost. (details: {file})\n"
    )
    text = file.read_text()
    assert f"command  ff {command}\n" in text
    assert "Traceback" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(errors.stat().st_mode) == 0o700


def test_no_secret_is_shown_or_written(
    run: Run, errors: Path, broken: Callable[[Exception], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    masking.learn(["read-from-a-Secret"])
    monkeypatch.setenv("FLAGSMITH_API_KEY", "key-of-the-environment")
    secrets = {
        "read-from-a-Secret": "{}",
        "key-of-the-environment": "{}",
        "hunter2hunter2": "postgres://flagsmith:{}@db.example.com/flagsmith",
        "eyJhbGciOi.abc": "Authorization: Bearer {}",
        "9944b09199c62bcf": "Authorization: Token {}",
        "swordfish99": "host=db password={} dbname=x",
        "ser.BRh5nPqbVmDz": "X-Environment-Key: {}",
    }
    text = "; ".join(form.format(secret) for secret, form in secrets.items())
    error = RuntimeError(text)
    error.__cause__ = LookupError(text)
    broken(error)
    result = run("env", "--postgres", "postgres://a:typed-by-hand@b/c", "--generate")
    text = next(errors.iterdir()).read_text()
    for secret in (*secrets, "typed-by-hand"):
        assert secret not in result.stderr + text
    assert "ff env --postgres --generate" in text


@pytest.mark.parametrize("text", ["", "first\nsecond", "\x1b[31mred\x07"])
def test_the_line_is_one_line_whatever_the_exception_says(
    text: str, run: Run, errors: Path, broken: Callable[[Exception], None]
) -> None:
    broken(ValueError(text))
    result = run("up")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr
    assert text in next(errors.iterdir()).read_text()


@pytest.mark.parametrize("state", ["{}/file", "~nobody-of-that-name/state"])
def test_where_the_file_cannot_be_written_a_private_one_elsewhere_has_the_details(
    state: str, run: Run, tmp_path: Path, broken: Callable[[Exception], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("FF_STATE_DIR", state.format(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    broken(ValueError("boom"))
    result = run("up")
    (file,) = (tmp_path / "temporary").glob("*/*.log")
    assert f"details: {file}" in result.stderr
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    result = run("up")
    assert result.exit_code == 1
    assert "its details cannot be written: Not a directory" in result.stderr


def test_only_the_last_files_are_kept(run: Run, errors: Path, broken: Callable[[Exception], None]) -> None:
    broken(ValueError("boom"))
    for _ in range(KEPT + 3):
        run("up")
    assert len(list(errors.iterdir())) == KEPT


@pytest.mark.usefixtures("run")
def test_an_error_in_a_thread_is_told_in_the_same_way(
    errors: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    watch_threads()

    def fail() -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    shown = capsys.readouterr().err
    assert "did not expect: ConnectionResetError" in shown
    assert "Traceback" not in shown
    assert len(list(errors.iterdir())) == 1


@pytest.mark.parametrize("end", [typer.Exit(3), typer.Abort(), typer.BadParameter("wrong")])
def test_the_ends_that_commands_choose_are_not_unexpected(
    end: Exception, run: Run, errors: Path, broken: Callable[[Exception], None]
) -> None:
    broken(end)
    result = run("up")
    assert result.exit_code == {"Exit": 3, "Abort": 1, "BadParameter": 2}[type(end).__name__]
    assert "did not expect" not in result.stderr
    assert not errors.exists()


def test_a_file_s_error_names_the_file_and_needs_no_details(
    run: Run, errors: Path, broken: Callable[[Exception], None]
) -> None:
    broken(PermissionError(13, "Permission denied", "flags.yaml"))
    result = run("flags", "validate")
    assert result.stderr == "Error: flags.yaml: Permission denied\n"
    assert not errors.exists()
