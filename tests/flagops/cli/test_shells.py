"""zsh and fish, as somebody types in them and presses Tab: names are completed, and none of them is run."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.settings import PROJECT
from tests.recording import ROOT

FF = Path(sys.executable).with_name("ff")
Program = Callable[[str, str], str]
SECONDS = 60
END = "/end/"  # after each answer: no name
# What a shell would run, if it read such a name as anything but a name.
RUN = r"""
project: shop
environments: ['one\$(touch run)', 'one\`touch run`', 'one"; touch run; "', "one'; touch run; '", only, Two Words]
flags: {}
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A project whose catalogue somebody else wrote."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime:\n  name: python\n")
    (shop / "flags").mkdir()
    (shop / "flags" / "catalogue.yaml").write_text(RUN)
    return shop


def environment_of(home: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{FF.parent}:{os.environ['PATH']}", "HOME": str(home), "TERM": "dumb"}


class Zsh:
    """A zsh at a terminal of its own."""

    def __init__(self, program: str, at: Path, home: Path) -> None:
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(at)
            os.execve(program, [program, "-f", "-i"], environment_of(home))  # noqa: S606 - the shell itself
        self._read = ""
        self.type(
            "PS1=; PROMPT_SP=; autoload -U compinit && compinit -u -D; source <(ff completion zsh); echo rea''dy\n"
        )
        self.until("ready\r")

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def until(self, wanted: str) -> str:
        """What it shows, once that is in it."""
        end = time.monotonic() + SECONDS
        while wanted not in self._read:
            assert time.monotonic() < end, self._read
            if select.select([self._terminal], [], [], 0.2)[0]:
                self._read += os.read(self._terminal, 65536).decode()
        read, self._read = self._read, ""
        return read

    def stop(self) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)


def test_zsh_completes_at_a_terminal(program: Program, elsewhere: Path, tmp_path: Path) -> None:
    zsh = Zsh(program("zsh", "zsh"), elsewhere, tmp_path)
    try:
        for typed, completed in (
            ("ff status --sta\t", "--stack "),
            ("ff flags expl\t", "explain "),
            ("ff flags explain --environment on\t", "only "),
            ("ff flags explain --environment Tw\t", "Two\\ Words "),
            ("ff secrets rotate postg\t", "postgres "),
            ("ff completion fi\t", "fish "),
            # The help beside words that begin alike, with its quotes.
            ("ff ca\t\t", "cache "),
            ("ff c\t", "Flagsmith's caches"),
        ):
            zsh.type(typed)
            zsh.until(completed)
            zsh.type("\x15")  # the line is taken back
    finally:
        zsh.stop()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["Pulumi.yaml", "flags"]


def fish(program: Program, at: Path, home: Path, *asked: str) -> list[list[str]]:
    """What fish offers after each of these."""
    lines = f"ff completion fish | source; for words in $argv; complete --do-complete $words; echo {END}; end"
    done = subprocess.run(
        [program("fish", "fish"), "--no-config", "--command", lines, *asked],
        cwd=at,
        env=environment_of(home),
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    assert done.stderr == ""
    *answers, rest = done.stdout.split(f"{END}\n")
    assert (len(answers), rest) == (len(asked), "")
    return [[line.partition("\t")[0] for line in answer.splitlines()] for answer in answers]


def test_fish_completes(program: Program, tmp_path: Path) -> None:
    names = {
        "ff flags ex": ["explain", "export"],
        "ff status --stack st": ["staging"],
        "ff flags explain --environment ": ["development", "production", "staging"],
        "ff flags explain new_f": ["new_feature_rollout"],
        "ff secrets rotate d": ["database", "django"],
        "ff db restore ": ["latest"],
    }
    assert dict(zip(names, fish(program, ROOT, tmp_path, *names), strict=True)) == names


def test_fish_is_offered_no_name_that_is_more_than_a_name(program: Program, elsewhere: Path, tmp_path: Path) -> None:
    assert fish(program, elsewhere, tmp_path, "ff flags explain --environment ") == [["only", "Two Words"]]
    assert sorted(path.name for path in elsewhere.iterdir()) == ["Pulumi.yaml", "flags"]
