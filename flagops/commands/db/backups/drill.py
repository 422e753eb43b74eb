"""Tries a backup: restores it into a scratch PostgreSQL of the Job's own pod, never into the live server."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from flagops.commands.db.backups import jobs
from flagops.commands.db.backups.jobs import OnLine
from flagops.stacks.deployed import Instance

LATEST = "latest"


@dataclass(frozen=True)
class Drill:
    """What came of it.

    Attributes:
        name: The backup.
        age_hours: How old it is: what would be lost with the live database.
        seconds: How long the restore took.
        rows: Rows of each table: of a dump, the same as when it was made; of a base backup, the same as live.
        migrations: How many migrations it has.
        pending: Migrations of the live database that it lacks: a restore applies them.
        unknown: Migrations of its own that the live database lacks: it is of a newer release.
        changed: Tables of which nothing can be said, since they changed while they were counted; none of a dump.
        is_base: Whether it is a Cluster's base backup, and not a dump.
    """

    name: str
    age_hours: float
    seconds: int
    rows: dict[str, int]
    migrations: int
    pending: list[str]
    unknown: list[str]
    changed: list[str] = field(default_factory=list)
    is_base: bool = False


def drill(
    instance: Instance,
    name: str = LATEST,
    *,
    owner: str | None = None,
    on_line: OnLine = jobs.ignore,
    now: datetime | None = None,
) -> Drill:
    """Try a backup, by default the newest; of another stack if `owner` names its host.

    Raises OpsError when it cannot be restored, or lacks rows.
    """
    found = jobs.run(instance, jobs.DRILL, {"BACKUP": name, **jobs.of(owner)}, on_line)
    age = (now or datetime.now(UTC)) - datetime.fromisoformat(found["started"])
    return Drill(
        found["drilled"],
        round(age.total_seconds() / 3600, 1),
        found["seconds"],
        found["rows"],
        found["migrations"],
        found["pending"],
        found["unknown"],
    )
