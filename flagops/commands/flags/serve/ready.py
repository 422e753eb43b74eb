"""The file that tells other programs where the server is: it is there as long as the server answers."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from flagops.errors import BadInputError
from flagops.files import replace_text, text_there
from flagops.serving.server.state import ServedState


def write(path: Path, state: ServedState, address: str) -> None:
    """Write the file, in one step."""
    content = {
        "url": address,
        "api_url": f"{address}api/v1/",
        "pid": os.getpid(),
        "environments": {
            name: {"client_side_key": keys.client_side, "server_side_key": keys.server_side}
            for name, keys in state.keys.items()
        },
    }
    replace_text(path, json.dumps(content, indent=2) + "\n")


@contextmanager
def promised(path: Path | None) -> Iterator[None]:
    """Take away an old file, and the own one at the end.

    Raises:
        BadInputError: none can be written there, or what is there is no such file.
    """
    if path is None:
        yield
        return
    try:
        if path.exists() and _writer(path) is None:
            raise BadInputError(
                f"The file {path} of --ready-file is there, and no `ff flags serve` wrote it.",
                hint="Name a file that is not there yet: it is written once the server answers, and removed later.",
            )
        path.unlink(missing_ok=True)
        # To fail now, and not when everybody waits for the file; another one, since an empty one would be read.
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise BadInputError(f"The file {path} of --ready-file cannot be written: {error.strerror}.") from None
    try:
        yield
    finally:
        if path.exists() and _writer(path) == os.getpid():
            path.unlink(missing_ok=True)


def _writer(path: Path) -> int | None:
    """The process that wrote a ready file; None if it is no such file."""
    try:
        content = json.loads(text_there(path) or "")
    except ValueError:
        return None
    number = content.get("pid") if isinstance(content, dict) and "api_url" in content else None
    return number if isinstance(number, int) else None
