"""Files that hold secrets, and directories that people name."""

import os
from pathlib import Path

from ops.errors import OpsError


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read (mode 0600 from the start), replacing an old one in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)  # one left by a killed run would keep its own mode
    data = content.encode() if isinstance(content, str) else content
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


def make_directory(path: Path, *, hint: str) -> None:
    """Make a directory and its parents, unless it is there; `hint` tells what to do when it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OpsError(f"The directory {path} cannot be made: {error.strerror}.", hint=hint) from None
