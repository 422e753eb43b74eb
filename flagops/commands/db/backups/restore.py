"""Replaces the live database by a backup: safety dump, writers stopped, restore, migration, writers started."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from components.text.versions import parse_version
from flagops.commands.cache import caches
from flagops.commands.db import roles
from flagops.commands.db.backups import jobs
from flagops.commands.db.backups.backup import backup, backups
from flagops.commands.db.backups.drill import LATEST
from flagops.commands.db.backups.jobs import OnLine
from flagops.engines.older import WORKLOADS, newest
from flagops.errors import BadInputError, NotFoundError, OpsError, RefusedError
from flagops.pods import jobs as cluster_jobs
from flagops.pods.bootstrap import write_keys
from flagops.pods.exec import CHUNK, run
from flagops.pods.given_up import forget_given_up
from flagops.pods.migration import migrate
from flagops.pods.writers import stopped
from flagops.stacks.deployed import Instance

BEFORE = "before-restore"
UPLOAD = "upload"
FETCH_CONTAINER = "download"
START_SECONDS = 300.0
MAGIC = b"PGDMP"  # how every dump of pg_dump's custom format begins
SALTED = b"Salted__"  # how openssl's begin
# store_backups.py makes the pipe when it begins.
RECEIVE = 'until [ -p "$WORK/incoming" ]; do sleep 0.1; done; exec head -c {size} >"$WORK/incoming"'


@dataclass(frozen=True)
class Restored:
    """What came of it.

    Attributes:
        name: The backup that is live now.
        safety: The backup of what was live before.
        rows: How many rows were restored, before the migration.
    """

    name: str
    safety: str
    rows: int


@dataclass(frozen=True)
class Chosen:
    """A backup that is there: its name in the store, or a file of this machine."""

    name: str
    file: Path | None = None


def chosen(instance: Instance, wanted: str, owner: str | None = None) -> Chosen:
    """What `wanted` is. Raises OpsError when there is no such file or backup, or it is another stack's."""
    file = _file(wanted)
    jobs.require_backups(instance)
    if file:
        _require_receiver(instance)
    return Chosen(wanted if file else _name(instance, wanted, owner), file)


def _require_receiver(instance: Instance) -> None:
    """Refuse a file before anything is stopped, where the deployed Job would never take it from this release."""
    cron = instance.get(cluster_jobs.API_VERSION, "CronJob", jobs.RESTORE)
    if cron is None:
        return  # whoever starts it says so
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    if FETCH_CONTAINER not in {item["name"] for item in pod["containers"]}:
        raise RefusedError(
            f"Another release deployed {instance.namespace}/{jobs.RESTORE}, which takes no file from this one. "
            "Nothing was stopped.",
            hint=f"Deploy this release first: `ff up --stack {instance.stack.name}`. Or use the ff of that one.",
        )


def restore(
    instance: Instance, wanted: str | Chosen, *, owner: str | None = None, on_line: OnLine = jobs.ignore
) -> Restored:
    """Replace the database by the backup `wanted`: a name in the store, `latest`, or a file of this machine.

    A backup of another stack is refused, unless `owner` is that stack's host. What `chosen` has found is not looked up
    again.

    The restore happens in one transaction. If it fails, the database is what it was, and Flagsmith is started again.

    Raises OpsError when a step fails; the message says where the safety dump is.
    """
    found_there = chosen(instance, wanted, owner) if isinstance(wanted, str) else wanted
    name, file = found_there.name, found_there.file
    older = _older_image(instance)
    on_line("Making a backup of what is live now…")
    # With backups of that label, as many as are kept, it would take the place of the very one that is wanted.
    safety = backup(instance, label=BEFORE, spared="" if file else name, on_line=on_line)
    try:
        forget_given_up(instance, on_line)
        with stopped(instance, on_line):
            # What somebody made as the administrator could not be replaced.
            roles.make(instance, on_line)
            on_line(f"Restoring {name}…")
            found = _replaced(instance, name, file, owner, on_line)
            on_line("Migrating…")
            migrate(instance, on_line, image=older)
            roles.grant(instance, on_line)
    except OpsError as error:
        way_back = f"What was live before is in the backup {safety.name}: `ff db restore {safety.name}` brings it back."
        raise error.reworded(error.message, hint=f"{error.hint} {way_back}" if error.hint else way_back) from None
    _keys(instance, older, on_line)
    if instance.settings.redis.mode != "none":
        on_line("Emptying the caches…")
        caches.flush(instance, caches.chosen([]))
    return Restored(found["restored"], safety.name, sum(found["rows"].values()))


def _keys(instance: Instance, older: str | None, on_line: OnLine) -> None:
    """Put the stack's server-side keys back, which an older backup lacks, and say so if client keys are others.

    By the release that migrated the database: another one may not know its tables.
    """
    on_line("Writing the environments' keys…")
    try:
        write_keys(instance, on_line, image=older)
    except OpsError as error:
        on_line(
            f"The database is restored, but the keys in the stack's Secrets are not all its own: {error.message} "
            f"`ff keys adopt --stack {instance.stack.name}`, then `ff up --stack {instance.stack.name}`."
        )


def _older_image(instance: Instance) -> str | None:
    """The image of the settings' release, if it is older than the deployed one: a restore is the way back to it."""
    deployed = newest([instance.get("apps/v1", "Deployment", name) for name in WORKLOADS])
    is_older = deployed is not None and parse_version(instance.settings.version) < parse_version(deployed)
    return instance.settings.image_reference if is_older else None


def _name(instance: Instance, wanted: str, owner: str | None) -> str:
    """The backup's name, looked up before anything is stopped; `latest` is the stack's newest without a label."""
    known, stack = backups(instance, owner), owner or instance.settings.host
    for item in known:
        if item.name == wanted and item.stack != stack:
            raise RefusedError(
                f"The backup {wanted} belongs to the stack {item.stack}, and this is {instance.settings.host}.",
                hint=f"To use it anyway: ff db restore {quote(wanted)} --from-stack {quote(item.stack)}",
            )
        if item.name == wanted or (wanted == LATEST and not item.label and item.stack == stack):
            return item.name
    listed = ", ".join(item.name for item in known[:5]) or "none"
    raise NotFoundError(f"There is no backup {wanted!r}; there are: {listed}.", hint="`ff db backups` lists all.")


def _file(wanted: str) -> Path | None:
    path = Path(wanted)
    if "/" not in wanted and not path.exists():
        return None
    if not path.is_file():
        raise NotFoundError(
            f"There is no file {wanted}.", hint="Give a file, a backup's name (`ff db backups`), or latest."
        )
    with path.open("rb") as file:
        begins = file.read(len(SALTED))
    if not begins.startswith((MAGIC, SALTED)):
        raise BadInputError(
            f"{wanted} is not a dump in pg_dump's custom format.",
            hint="Make one with pg_dump --format=custom.",
        )
    return path


def _replaced(instance: Instance, name: str, file: Path | None, owner: str | None, on_line: OnLine) -> dict[str, Any]:
    """Run the Job that replaces the database; what it says last.

    It ends with who waits for it: a Job that goes on holds every table while Flagsmith is started again, and replaces
    the database under it.
    """
    variables = _file_variables(file) if file else {"BACKUP": name, **jobs.of(owner)}
    job = cluster_jobs.start(instance, jobs.RESTORE, env=variables)
    try:
        if file:
            _send(instance, job, file, on_line)
        return jobs.finish(instance, job, on_line)
    except BaseException:
        try:
            jobs.end(instance, job, on_line)
        except OpsError as error:
            on_line(f"The Job {job} may still be at work, and replace the database: {error.message}")
        raise


def _file_variables(path: Path) -> dict[str, str]:
    """What the Job has to know of a file that is sent to it."""
    with path.open("rb") as file:
        begins = file.read(len(SALTED))
        file.seek(0)
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    suffix = ".enc" if begins == SALTED else ""
    variables = {"BACKUP": UPLOAD, "UPLOAD_FILE": f"uploaded.dump{suffix}"}
    return variables | {"UPLOAD_BYTES": str(path.stat().st_size), "UPLOAD_SHA256": checksum}


def _send(instance: Instance, job: str, path: Path, on_line: OnLine) -> None:
    """Send the file into the Job's pod, where it is looked at before it is restored: there is no disk for it there.

    A pod that takes no more of it has ended, and its log says why.
    """
    size = path.stat().st_size
    pod = cluster_jobs.running(instance, job, FETCH_CONTAINER, seconds=START_SECONDS)
    for purpose in ("to be looked at", "to be restored"):
        on_line(f"Sending {path.name} ({size} bytes) {purpose}…")
        with path.open("rb") as file:
            done = run(
                instance,
                pod,
                ["sh", "-c", RECEIVE.format(size=size)],
                container=FETCH_CONTAINER,
                stdin=iter(lambda: file.read(CHUNK), b""),
                seconds=jobs.SECONDS,
            )
        if done.code:
            break
