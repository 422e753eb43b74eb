"""Says when a file changed: by the system's events, and by a look once a second, for file systems without them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from watchfiles import awatch

LOOK: Final = 1000  # milliseconds
GATHER: Final = 50  # milliseconds, in which an editor's several steps are taken for one change
STEP: Final = 20
MISSING: Final = 0.5  # seconds until the next try, where the directory is not there

Signature = tuple[int, int, int] | None


def signature(path: Path) -> Signature:
    """What differs when a file was written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def changes(path: Path, known: Signature) -> AsyncIterator[Signature]:
    """Each change of a file since it was `known`, which may be its end, or its return.

    The directory is watched, since most editors replace a file, and not what is below it: that can be much.
    """
    while True:
        try:
            async for _ in awatch(
                path.parent, recursive=False, debounce=GATHER, step=STEP, rust_timeout=LOOK, yield_on_timeout=True
            ):
                found = signature(path)
                if found != known:
                    known = found
                    yield found
        except OSError:  # the directory is gone
            if known is not None:
                known = None
                yield None
            await asyncio.sleep(MISSING)
