"""The two consoles of the command: progress goes to stderr, data to stdout, so that data can be piped."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from rich.console import Console

FEW = 3  # of what is said of many objects alike
PIPED_WIDTH = 240  # of a table that goes into a pipe or a file, where Rich takes 80


class _Lasting(Console):
    """A console whose reader may go away (`ff up | head`): what runs goes on, and is told to nobody."""

    def on_broken_pipe(self) -> None:
        """Write nothing more. Rich's own would end the process, or the thread that happened to write."""
        self.quiet = True
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())  # what is still buffered is flushed at the process' end
            os.close(nowhere)


@cache
def progress() -> Console:
    """The console of progress, warnings and errors (stderr)."""
    return _Lasting(stderr=True, highlight=False, emoji=False)


@cache
def output() -> Console:
    """The console of what a command was asked for (stdout); never wraps, since people parse it."""
    is_narrow = not is_screen() and "COLUMNS" not in os.environ
    return _Lasting(highlight=False, emoji=False, soft_wrap=True, width=PIPED_WIDTH if is_narrow else None)


def is_screen() -> bool:
    """Whether what a command was asked for goes to a terminal, which keeps it for the one who sits there."""
    return bool(sys.stdout) and sys.stdout.isatty()


def first_few(lines: Sequence[str], more: str, *, every: bool = False) -> list[str]:
    """The first few of many lines, and how many are left out, with `more`, which says what shows them.

    `every` keeps all. One line is never left out for a line that says so.
    """
    if every or len(lines) <= FEW + 1:
        return list(lines)
    return [*lines[:FEW], f"and {len(lines) - FEW} more: {more}"]


def is_read() -> bool:
    """Whether somebody still reads what the command prints, as far as the last line tells."""
    return not output().quiet
