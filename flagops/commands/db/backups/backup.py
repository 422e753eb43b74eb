"""Makes and lists backups."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagops.commands.db.backups import jobs
from flagops.commands.db.backups.jobs import OnLine
from flagops.stacks.deployed import Instance


@dataclass(frozen=True)
class Backup:
    """A backup in the store.

    Attributes:
        name: Its name, which begins with when it was started.
        label: Why it was made, such as before-restore; empty for a scheduled one or one made by hand.
        started: When its snapshot was taken.
        release: Flagsmith's release then.
        server: PostgreSQL's version.
        bytes: Its size.
        sha256: Its checksum.
        is_encrypted: Whether it needs a passphrase.
        stack: The host of the stack that it is of; `unknown` for one in a bucket that does not say.
    """

    name: str
    label: str
    started: datetime
    release: str
    server: str
    bytes: int
    sha256: str
    is_encrypted: bool
    stack: str


def backup(instance: Instance, *, label: str = "", spared: str = "", on_line: OnLine = jobs.ignore) -> Backup:
    """Make a backup now, and keep it in the stack's store, which removes the oldest of the label but never `spared`.

    Raises OpsError when that fails.
    """
    variables = {"BACKUP_LABEL": label, "SPARED": spared}
    found = jobs.run(instance, jobs.BACKUP, {key: value for key, value in variables.items() if value}, on_line)
    if not label:
        jobs.note_success(instance)
    return _backup(found["stored"])


def backups(instance: Instance, owner: str | None = None) -> list[Backup]:
    """All backups in the store, the newest first; of another stack if `owner` names its host."""
    return [_backup(item) for item in jobs.run(instance, jobs.LIST, jobs.of(owner), jobs.ignore)["backups"]]


def _backup(found: dict[str, Any]) -> Backup:
    return Backup(
        found["name"],
        found["label"],
        datetime.fromisoformat(found["started"]),
        found["release"],
        found["server"],
        found["bytes"],
        found["sha256"],
        found["file"].endswith(".enc"),
        found["stack"],
    )
