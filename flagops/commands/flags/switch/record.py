"""Keeps who switched a flag, when and why, where there is a place for it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from flagops.commands.flags.history import applies
from flagops.commands.flags.history.applies import Apply, Touched
from flagops.errors import OpsError
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment


def record(
    connection: Connection, row: Mapping[str, Any], places: Collection[Environment], started: datetime, reason: str
) -> Apply:
    """A switch that began at `started`, and is done."""
    return Apply(
        started=started,
        finished=connection.client.now(),
        actor=connection.actor,
        project=connection.project,
        commit=None,
        repository=None,
        is_whole=True,
        touched=(Touched("flag", row["id"], row["name"], tuple(place.name for place in places)),),
        reason=reason,
    )


def keep(connection: Connection, run: Apply, file: Path | None) -> tuple[list[str], str | None]:
    """Note it in a file, and in the stack's notes; in which places, and why in no more."""
    kept = []
    try:
        if file is not None:
            applies.append(file, run)
            kept.append(str(file))
        if connection.instance is not None:
            applies.keep(connection.instance, run)
            kept.append("the stack's notes")
    except (OpsError, OSError) as error:
        return kept, error.message if isinstance(error, OpsError) else str(error)
    return kept, None
