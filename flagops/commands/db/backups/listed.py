"""The names that `ff db backups` showed last, which a shell completes: it asks no cluster when somebody presses Tab."""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from components.text import bounds
from flagops.errors import OpsError
from flagops.files import write_private
from flagops.local_cluster.paths import state_home
from flagops.project import root

MOST: Final = 100
"""Names that are kept: more than anybody picks from."""


def keep(stack: str, names: Sequence[str]) -> None:
    """Note the names of a stack's backups, the newest first. Where nothing can be written, Tab completes `latest`."""
    with contextlib.suppress(OSError, OpsError):
        path = _file(stack)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, json.dumps(list(names[:MOST])))


def names(stack: str) -> list[str]:
    """The names noted last; none where there are none, or they cannot be read."""
    try:
        return [str(name) for name in bounds.json_of(bounds.text_of(_file(stack)))]
    except (OpsError, OSError, ValueError, TypeError):
        return []


def _file(stack: str) -> Path:
    """One for each stack of each project: their backups have nothing in common."""
    whose = hashlib.sha256(f"{root()}\0{stack}".encode()).hexdigest()[:16]
    return state_home() / "listed-backups" / f"{whose}.json"
