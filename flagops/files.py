"""Files that hold secrets or are replaced in one step, and directories that people name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.text import bounds
from flagops.errors import BadInputError, OpsError

WRITTEN_BYTES = 64 * 1024**2
"""Of a file that a command wrote, such as the page of all flags."""


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read (mode 0600 from the start), replacing an old one in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)  # one left by a killed run would keep its own mode
    data = content.encode() if isinstance(content, str) else content
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


@contextmanager
def reading(path: Path, *, absent: OpsError | None = None) -> Iterator[None]:
    """Turns what can go wrong while somebody's file is read into an error about it; `absent` if there is none."""
    try:
        yield
    except UnicodeDecodeError:
        raise BadInputError(f"{path} is not UTF-8 text.", hint="Save it in UTF-8.") from None
    except FileNotFoundError as error:
        raise absent or BadInputError(f"{path} cannot be read: {error.strerror}.") from None
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from None


@contextmanager
def private_file(content: str) -> Iterator[Path]:
    """A file with this content that only its owner can read, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="ff-") as directory:
        path = Path(directory) / "content"
        write_private(path, content)
        yield path


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it meanwhile, or after a crash, has the old text or the new one.

    Its mode stays, and a symbolic link stays one: what it leads to is written.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            # Else the name may reach the disk before the content.
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def text_there(path: Path) -> str | None:
    """The text of a file that a command writes anew; None where there is none. Raises OSError for what is no file."""
    try:
        return bounds.bytes_of(path, WRITTEN_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def make_directory(path: Path, *, hint: str) -> None:
    """Make a directory and its parents, unless it is there; `hint` tells what to do when it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"The directory {path} cannot be made: {error.strerror}.", hint=hint) from None
