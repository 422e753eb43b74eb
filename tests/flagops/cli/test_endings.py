"""How commands end that somebody ends: Ctrl-C, early and late, and a reader who goes away."""

import errno
import io
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from typer.testing import Result

from flagops import console
from flagops.commands.deploy.progress import Progress
from flagops.engines.events import Event, ResourceState
from tests.everywhere import replace_everywhere
from tests.flagops.cli import fakes
from tests.recording import ROOT

Run = Callable[..., Result]
START = "from flagops.start import main; main()"
SECONDS = 60
# A deployment that tells more than any pipe holds, and leaves a mark when it has ended.
DEPLOYMENT = """
import sys
from pathlib import Path
from flagops.engines import for_stack, older
from flagops.stacks import target
from flagops.engines.deployer import EngineName, DeploymentResult
from flagops.engines.choice import Choice
from flagops.engines.events import Event, ResourceState
from flagops.start import main
from tests.flagops.cli import fakes

class Deployer(fakes.FakeDeployer):
    def up(self):
        for number in range(5000):
            self.on_event(Event(f"object-{number}", "ConfigMap", ResourceState.CREATED))
        Path(mark).touch()
        return DeploymentResult({"created": 5000}, fakes.OUTPUTS)

mark, *sys.argv[1:] = sys.argv[1:]
target.find = fakes.target
older.refuse_older = lambda _: None
for_stack.choose_engine = lambda *_, **__: Choice(EngineName.DIRECT)
for_stack.deployer = lambda _target, _engine, on_event, **_: Deployer(on_event=on_event)
from flagops.commands.deploy import command
command._start_stopped = lambda _: None
main()
"""


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Whoever runs the tests in the background ignores SIGINT, and would hand that down."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_console_scripts_begin_where_an_interrupt_is_quiet() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts.values()) == {"flagops.start:main"}


def test_ctrl_c_before_the_imports_are_done_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [sys.executable, "-c", START, "status"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGINT  # a shell says 130
    assert errors == ""


def test_an_interrupt_that_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text(
        "import os, signal, sys\nos.kill(os.getpid(), signal.SIGINT)\nprint('alive')\nsys.exit(7)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", START],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout) == (7, "alive\n")


def test_a_pipe_that_nobody_reads_any_more_does_not_stop_a_deployment(tmp_path: Path) -> None:
    mark = tmp_path / "deployed"
    with subprocess.Popen(
        [sys.executable, "-c", DEPLOYMENT, str(mark), "up", "--yes"],
        cwd=ROOT,
        env={**os.environ, "FF_STATE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        assert "Deploying" in process.stdout.readline()
        process.stdout.close()  # as `head -1` does
        assert process.wait(timeout=SECONDS) == 0
    assert mark.exists()
    assert not (tmp_path / "errors").exists()


def test_a_reader_of_the_output_alone_who_goes_away_leaves_the_errors_clean(tmp_path: Path) -> None:
    mark, (reader, writer) = tmp_path / "deployed", os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", DEPLOYMENT, str(mark), "up", "--yes"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    os.close(writer)
    assert done.returncode == 0
    assert mark.exists()
    assert "Deployed: 5000 created" in done.stderr.splitlines()[-1]
    assert "Pipe" not in done.stderr


def test_a_disk_that_fills_up_below_the_progress_does_not_stop_what_is_told_of() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            if "object-1" in self.getvalue():
                raise OSError(errno.ENOSPC, "No space left on device")

    with Progress(Console(file=Full()), "Deploying") as run:
        for number in range(3):
            run(Event(f"object-{number}", "ConfigMap", ResourceState.CREATED))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that is there, and a port of it that is forwarded."""

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[Any]:
        settings = SimpleNamespace(host="flags.localhost", url="http://flags.localhost:8000", is_edge=False)
        yield SimpleNamespace(
            stack=fakes.target().stack, kubectl="kubectl", namespace="feature-flags", settings=settings
        )

    @contextmanager
    def forwarded(*_: Any, **__: Any) -> Iterator[int]:
        yield 8000

    replace_everywhere(monkeypatch, "flagops.stacks.deployed.open_instance", opened)
    replace_everywhere(monkeypatch, "flagops.pods.port_forward.forward", forwarded)


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("place")
def test_ctrl_c_ends_a_forwarded_port_and_followed_logs_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.Event.wait", interrupt)
    monkeypatch.setattr("flagops.commands.logs.logs.follow", interrupt)
    for command in (["port-forward"], ["logs", "--follow"]):
        result = run(*command)
        assert result.exit_code == 0, command
        assert "Interrupted" not in result.stderr
        assert "Error" not in result.stderr


@pytest.mark.usefixtures("place")
def test_ctrl_c_in_what_would_have_ended_by_itself_exits_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.commands.logs.logs.show", interrupt)
    result = run("logs")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted.\n"  # it does not go on where it ended


@pytest.mark.usefixtures("place")
def test_logs_end_when_nobody_reads_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = 0

    def endless(*_: Any, on_line: Callable[[str, str], None], **__: Any) -> None:
        nonlocal told
        while told < 1000:
            told += 1
            on_line("flagsmith-0", "a line")
            if told == 3:
                console.output().on_broken_pipe()

    monkeypatch.setattr("flagops.commands.logs.logs.follow", endless)
    assert run("logs", "--follow").exit_code == 0
    assert told == 4
