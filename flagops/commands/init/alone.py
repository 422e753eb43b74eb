"""One `ff init` at a time in a folder: each takes what lies there for its own, or for what a killed one left."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flagops.errors import RefusedError


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Work in a folder that is there. The system lets it go when the process ends, however it ends.

    Raises RefusedError while another one works there.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"In {directory} another ff init is at work. Nothing was written.",
                hint="Run this again when that has ended.",
            ) from None
        except OSError:
            pass  # a disk that has no locks for folders, such as NFS
        yield
    finally:
        os.close(descriptor)
