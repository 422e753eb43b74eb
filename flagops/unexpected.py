"""The last resort: what nobody expected is one line for the user, and a file with the details."""

import os
import platform
import re
import tempfile
import threading
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from components.text.quoting import printable
from components.text.secret_forms import masked
from flagops.console import progress
from flagops.errors import OpsError
from flagops.files import write_private
from flagops.kubernetes import masking
from flagops.local_cluster.paths import state_home

KEPT = 20
SHOWN = 200  # characters of what the exception says
SECRET_NAME = re.compile(r"key|token|secret|pass", re.IGNORECASE)
# A word after one of these is taken out, whatever it looks like: an error is no page to be read again.
AFTER_NAME = re.compile(
    r"(?i)(?<=Bearer )\S+|(?<=Token )\S+|(?<=Basic )\S+"
    r"|(?<=password=)[^\s&;,'\"]+|(?<=passphrase=)[^\s&;,'\"]+|(?<=token=)[^\s&;,'\"]+"
)


def show(error: BaseException, command: Sequence[str]) -> None:
    """Say on one line that `command` met an error nobody expected, and where its details are."""
    first = without_secrets(str(error)).strip().partition("\n")[0][:SHOWN]
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    progress().print(
        f"Error: something that ff did not expect: {printable(what)} ({recorded(error, command)})",
        style="red",
        markup=False,
        soft_wrap=True,
    )


def recorded(error: BaseException, command: Sequence[str]) -> str:
    """Write the details into a file of the state directory that only its owner can read; the words to say where."""
    facts = (
        f"time     {datetime.now(UTC).isoformat(timespec='seconds')}",
        f"command  ff {' '.join(command)}",
        f"version  {version('feature-flags')}, Python {platform.python_version()}, {platform.platform()}",
    )
    text = without_secrets("\n".join([*facts, "", *traceback.format_exception(error)]))
    try:
        return f"details: {_write(text)}"
    except OSError as problem:
        return f"its details cannot be written: {problem.strerror or problem}"


def without_secrets(text: str) -> str:
    """The text without what this process has learnt to be secret, and without what is secret by its form or name."""
    named = [value for name, value in os.environ.items() if SECRET_NAME.search(name)]
    text = masking.everything_learnt(named)(text)
    return AFTER_NAME.sub(masking.MASK, masked(text, masking.MASK))


def watch_threads() -> None:
    """Let an error in a thread be told in the same way: Python's own is a stack trace on the screen."""

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            show(arguments.exc_value, [])

    threading.excepthook = hook


def _write(text: str) -> Path:
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}.log"
    try:
        directory = state_home() / "errors"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(directory / name, text)
    except (OSError, OpsError):
        # A directory of this process' own: a name in the common one could be somebody else's link.
        directory = Path(tempfile.mkdtemp(prefix="ff-"))
        write_private(directory / name, text)
    for old in sorted(directory.glob("*.log"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return directory / name
