"""The two consoles of the command: progress goes to stderr, data to stdout, so that data can be piped."""

from functools import cache

from rich.console import Console


@cache
def progress() -> Console:
    """The console of progress, warnings and errors (stderr)."""
    return Console(stderr=True, highlight=False)


@cache
def output() -> Console:
    """The console of what a command was asked for (stdout); never wraps, since people parse it."""
    return Console(highlight=False, soft_wrap=True)
