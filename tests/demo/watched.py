"""A demo that runs, for tests: what it said so far, and every process that it ever had."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.demo import screens
from tests.examples.browser import PAGE
from tests.examples.conftest import EXAMPLES
from tests.recording import ROOT

LONGEST = 300
"""Five minutes."""
UNTIL_IT_ENDS = 60
MOMENT = 10
"""How long, in seconds, what its programs started may outlive it."""
SOON, NOW_AND_THEN = 0.05, 0.5
"""How often a demo is looked at, in seconds: for a moment in it, and for its end. A look reads all of /proc."""
DEMO = (sys.executable, "-m", "tests.demo")


@dataclass
class Started:
    """A demo that runs, what it printed so far, and every process that it ever had.

    Attributes:
        place: Where its files are, and nothing else.
        own: Those that it started itself.
        others: Those that they started, and so on.
    """

    process: "subprocess.Popen[str]"
    place: Path
    output: Path
    notices: Path
    own: set[psutil.Process] = field(default_factory=set)
    others: set[psutil.Process] = field(default_factory=set)

    @property
    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def notice(self) -> str:
        return self.notices.read_text(encoding="utf-8")

    def runs(self, name: str) -> bool:
        """Whether it runs this program now."""
        for child in self._children():
            try:
                if any(name in word for word in child.cmdline()):
                    return True
            except psutil.Error:
                continue
        return False

    def wait(self, holds: Callable[[], object], seconds: float = LONGEST) -> None:
        """Wait until something holds, or it has ended."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and not holds():
            assert time.monotonic() < deadline, self.text + self.notice
            self._children()
            time.sleep(SOON)

    def end(self, seconds: float = UNTIL_IT_ENDS) -> int:
        """Wait for its end; its exit code. Whatever it started is gone by then."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text + self.notice
            self._children()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(NOW_AND_THEN)
        assert _running(self.own) == []
        # A browser's helpers end by themselves, a moment after it; whatever else is left does not.
        others = {*self.others, *self._at_the_place()}
        deadline = time.monotonic() + MOMENT
        while (left := _running(others)) and time.monotonic() < deadline:
            time.sleep(SOON)
        assert left == []
        assert list(self.place.iterdir()) == []
        return self.process.wait()

    def _children(self) -> list[psutil.Process]:
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        for child in found:
            with suppress(psutil.NoSuchProcess):
                (self.own if child.ppid() == self.process.pid else self.others).add(child)
        return found

    def _at_the_place(self) -> list[psutil.Process]:
        """What runs with its temporary files there: whatever was started, and not seen by any look."""
        found = psutil.process_iter(["environ"])
        return [
            one
            for one in found
            if one.info["environ"] and one.info["environ"].get("TMPDIR", "").startswith(str(self.place))
        ]


def _running(processes: Iterable[psutil.Process]) -> list[list[str]]:
    """The commands of those that run; one that has ended and is a zombie until somebody asks for its code does not."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # which a zombie raises too
            if process.is_running():
                found.append(process.cmdline())
    return found


@contextmanager
def started(home: Path, *command: str, path: str = os.environ["PATH"]) -> Iterator[Started]:
    """A demo that is watched, with a place of its own for temporary files: a short one, for the browser's socket."""
    output, notices = home / "output", home / "notices"
    with (
        tempfile.TemporaryDirectory() as place,
        output.open("w") as out,
        notices.open("w") as err,
        subprocess.Popen(
            command or DEMO,
            cwd=ROOT,
            env={**os.environ, "PATH": path, "TMPDIR": place},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        ) as process,
    ):
        try:
            yield Started(process, Path(place), output, notices)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(UNTIL_IT_ENDS)


def skip_unless_whole() -> None:
    """Skip the test where a part of the demo cannot be shown."""
    if screens.missing():
        pytest.skip("chromium is not installed: sudo apt-get install chromium-driver")
    if screens.missing_node(PAGE) or screens.missing_node(EXAMPLES / "node"):
        pytest.skip("the packages of examples/ are not installed: make examples")
