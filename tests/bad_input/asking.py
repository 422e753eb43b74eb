"""Asks `ff` about inputs, and what every answer has to be."""

import json
import subprocess
import sys
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


def ask(jobs: list[dict[str, Any]], home: Path) -> list[Answer]:
    """The answers to jobs, in their order."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.bad_input.worker"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "FF_STATE_DIR": str(home / "state")},
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [Answer(**found) for found in json.loads(done.stdout)]
