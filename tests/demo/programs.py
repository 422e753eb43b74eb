"""The programs that the demo runs: out of reach of the terminal's Ctrl-C, within bounds, and ended with the demo."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.demo.ending import Ending
from tests.demo.telling import StepError

SECONDS: Final = 60
"""How long one command may take."""
GRACE: Final = 10
"""How long a program may take to end, until it is killed."""
FF: Final = str(Path(sys.executable).with_name("ff"))


@dataclass(frozen=True)
class Ran:
    """What a command printed: for programs, and for people."""

    text: str
    notice: str

    def lines(self, *starts: str) -> list[str]:
        """The lines that begin so, without the blanks before them. Raises StepError where there is none."""
        said = (line.strip() for line in (self.text + self.notice).splitlines())
        found = [line for line in said if line.startswith(starts)]
        if not found:
            raise StepError(f"The command did not say “{starts[0]} …”.")
        return found


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A program in a session of its own, as long as this lasts."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a program gets: nothing of yours but the path to programs; its temporary files are the demo's."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", **more}


def run(
    ending: Ending, command: Sequence[str], cwd: Path, variables: Mapping[str, str], codes: Sequence[int] = (0,)
) -> Ran:
    """Run a command to its end.

    Raises:
        StepError: it is not there, ended with another code than those, or took too long.
    """
    name = " ".join((Path(command[0]).name, *command[1:]))
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    with ExitStack() as stack:
        try:
            with ending.held():
                process = stack.enter_context(started(command, cwd=cwd, env=dict(variables), **options))
            text, notice = process.communicate(timeout=SECONDS)
        except FileNotFoundError:
            raise StepError(f"{command[0]} is not installed.") from None
        except subprocess.TimeoutExpired:
            raise StepError(f"`{name}` took longer than {SECONDS} s.") from None
    if process.returncode not in codes:
        said = (notice.strip() or text.strip() or "it said nothing").splitlines()[-1]
        raise StepError(f"`{name}` ended with {process.returncode}: {said}")
    return Ran(text, notice)
