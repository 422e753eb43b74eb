"""However the demo ends, it says so in one message, and nothing is left."""

import os
import pty
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.demo import telling
from tests.demo.steps import STEPS
from tests.demo.watched import LONGEST, skip_unless_whole, started


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("chromedriver", signal.SIGINT),
        ("vite", signal.SIGTERM),
        (f"3. {STEPS[2].title}", signal.SIGHUP),
    ],
    ids=["a browser starts", "a page's server starts", "ff works"],
)
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, moment: str, number: signal.Signals) -> None:
    skip_unless_whole()
    with started(tmp_path) as demo:
        demo.wait(lambda: moment in demo.text or demo.runs(moment))
        assert demo.process.poll() is None, demo.text + demo.notice
        demo.process.send_signal(number)
        demo.process.send_signal(signal.SIGINT)  # as somebody does who is impatient
        code = demo.end()
    assert code in (128 + number, 128 + signal.SIGINT)
    assert re.fullmatch(r"\nStopped at .+\. Everything has ended, and the copy is removed\.\n", demo.notice)


def test_a_step_that_fails_ends_it_with_one_message(tmp_path: Path) -> None:
    skip_unless_whole()
    programs = tmp_path / "bin"
    programs.mkdir()
    broken = programs / "node"
    line = f'[ "$1" != src/main.js ] || {{ echo "it is broken" >&2; exit 7; }}; exec {shutil.which("node")} "$@"'
    broken.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    broken.chmod(0o755)
    with started(tmp_path, path=f"{programs}{os.pathsep}{os.environ['PATH']}") as demo:
        assert demo.end(LONGEST) == 1
    assert demo.notice == (
        f"\nThe demo failed at step 2, “{STEPS[1].title}”: `node src/main.js --identity anna --users 0 --json` "
        "ended with 7: it is broken\n"
    )


def test_a_demo_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    program = "import sys; from tests.demo.__main__ import main; sys.exit(main(seconds=1.5))"
    with started(tmp_path, sys.executable, "-c", program) as demo:
        assert demo.end() == 1
    assert re.fullmatch(r"\nThe demo failed at .+: it took longer than 1\.5 s, and was ended\.\n", demo.notice)


def test_without_git_it_says_so(tmp_path: Path) -> None:
    with started(tmp_path, path=str(tmp_path)) as demo:
        assert demo.end() == 1
    assert demo.notice == "\nThe demo failed at the beginning: git is not installed.\n"


@pytest.mark.parametrize("typed", ["\n", ""], ids=["Enter", "nothing"])
def test_a_pause_ends_with_enter_or_by_itself(capsys: pytest.CaptureFixture[str], typed: str) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "w") as keys, os.fdopen(theirs) as stream:
        keys.write(typed)
        keys.flush()
        began = time.monotonic()
        telling.pause(60 if typed else 0.2, stream)
        took = time.monotonic() - began
    assert (took < 30) if typed else (took >= 0.2)
    assert "Enter goes on" in capsys.readouterr().out
