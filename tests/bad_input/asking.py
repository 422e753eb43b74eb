"""Asks `ff` about inputs, and what every answer has to be."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.text.quoting import lines
from tests.recording import ROOT

MOST_SECONDS = 2.0  # of CPU, whatever else the machine does
MOST_MEBIBYTES = 300.0
LONGEST_LINE = 600


@dataclass(frozen=True)
class Answer:
    """What was said to an input, and what it took."""

    code: int
    said: str
    seconds: float
    mebibytes: float

    @property
    def lines(self) -> list[str]:
        """What was said, line by line."""
        return self.said.strip().splitlines()

    def hold(self) -> None:
        """Whatever the input was: an end in time, within memory, in words, and without what steers a terminal."""
        assert self.seconds <= MOST_SECONDS, self
        assert self.mebibytes <= MOST_MEBIBYTES, self
        assert self.code in (0, 1), self.said[-3000:]
        for word in ("Traceback", "did not expect", "Warning: <", "object at 0x", "ScalarNode"):
            assert word not in self.said, self.said[-3000:]
        assert lines(self.said) == self.said
        assert max(map(len, self.lines), default=0) <= LONGEST_LINE, self.said[:3000]
        assert len(self.lines) <= 110


class Asking:
    """Hands jobs to a process that answers each in a fork of its own, and holds what it is asked by.

    It starts with the first job: to load what it needs takes longer than most answers.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, jobs: list[dict[str, Any]]) -> list[Answer]:
        """The answers to jobs, in their order."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.bad_input.worker"],
                cwd=ROOT,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self._home), "FF_STATE_DIR": str(self._home / "state")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        with self._killed_by_a_failure(self._process) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(jobs) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            assert line, "the process has ended, and its standard error says why"
        return [Answer(**found) for found in json.loads(line)]

    def end(self) -> None:
        """End the process, to which nothing may have happened."""
        if self._process is not None:
            with self._killed_by_a_failure(self._process) as process:
                process.communicate(timeout=60)
                assert process.returncode == 0
            self._process = None

    @contextmanager
    def _killed_by_a_failure(self, process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
        """A test that is out of time or interrupted leaves no answers that the next would take for its own."""
        try:
            yield process
        except BaseException:
            self._process = None
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            raise
