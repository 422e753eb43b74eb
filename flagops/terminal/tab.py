"""A process that a shell asks what could be typed: it says nothing else, asks nobody, and ends in time."""

import os
import signal
import sys
from typing import Final

VARIABLE: Final = "_FF_COMPLETE"
"""Set by the shell's script: this process is to say what could be typed, and to run nothing."""
SECONDS: Final = 3.0
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
