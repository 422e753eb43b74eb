"""What the demo says: short lines that can be read aloud."""

import select
import shlex
import sys
from collections.abc import Sequence
from typing import TextIO


class StepError(Exception):
    """A step did not do what it shows; the message says what it was, for people."""


def say(*sentences: str) -> None:
    """Say sentences, each on a line of its own."""
    for sentence in sentences:
        print(f"   {sentence}", flush=True)


def title(text: str) -> None:
    """Begin a step."""
    print(f"\n{text}", flush=True)


def command(words: Sequence[str]) -> None:
    """Show a command as it is run."""
    print(f"   $ {shlex.join(words)}", flush=True)


def quote(lines: Sequence[str]) -> None:
    """Show what a command printed."""
    for line in lines:
        print(f"     | {line}", flush=True)


def pause(seconds: float, stream: TextIO | None = None) -> None:
    """Wait for Enter, so long at most."""
    keys = sys.stdin if stream is None else stream
    print(f"   (Enter goes on; else it goes on by itself after {seconds:g} s.)", flush=True)
    ready, _, _ = select.select([keys], [], [], seconds)
    if ready:
        keys.readline()
