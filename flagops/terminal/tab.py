"""A process that a shell asks what could be typed: it says nothing else, asks nobody, and ends in time."""

import os
import signal
import sys
from typing import Final

from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_classes import BashComplete, ZshComplete
from typer.completion import completion_init  # type: ignore[attr-defined]

VARIABLE: Final = "_FF_COMPLETE"
"""Set by the shell's script: this process is to say what could be typed, and to run nothing."""
SECONDS: Final = 5.0
"""The longest that somebody waits for a Tab; a file on a network that hangs gives no completions."""


def quiet_process() -> None:
    """From here on, this process says nothing but completions, reads no terminal, and ends in time without an error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 2)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
        signal.setitimer(signal.ITIMER_REAL, SECONDS)


class Bash(BashComplete):
    """bash puts what it is given into the line as it is."""

    def format_completion(self, item: CompletionItem) -> str:
        """The name, with its spaces quoted."""
        return str(item.value).replace(" ", "\\ ")


class Zsh(ZshComplete):
    """zsh evaluates what it is given twice: in single quotes, and then as a list of words in double quotes.

    Typer's own leaves backslashes as they are, so that `\\$(…)` in a name was run, and drops the quotes of a help.
    """

    def format_completion(self, item: CompletionItem) -> str:
        """The name, and its help after a colon."""
        return ":".join(f'"{_quoted(str(part))}"' for part in (item.value, item.help) if part)


def _quoted(text: str) -> str:
    for sign in ("\\", '"', "$", "`"):
        text = text.replace(sign, f"\\{sign}")
    return text.replace(":", r"\\:").replace("'", "'\\''")


def complete_in_shells() -> None:
    """Let shells ask: what is to be completed is quoted as each of them needs it."""
    completion_init()
    add_completion_class(Bash, "bash")
    add_completion_class(Zsh, "zsh")
