"""Tries a base backup: recovers it into a Cluster of its own, beside the live one, and compares every table with it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Final

from components.kit import names
from flagops.commands.db.backups.base import archive, counting, scratch
from flagops.commands.db.backups.base.archive import OnLine
from flagops.commands.db.backups.base.counting import Place
from flagops.commands.db.backups.drill import Drill
from flagops.errors import FailedError
from flagops.kubernetes.lease import Lock, lease
from flagops.kubernetes.objects import Manifest
from flagops.pods import jobs
from flagops.pods.exec import run
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

START_SECONDS: Final = 120.0
# Of the file that is closed now; by itself one is after 5 minutes.
ARCHIVE_SECONDS: Final = 900.0
CLOSE: Final = (
    "psql",
    "--no-psqlrc",
    "--quiet",
    "--username=postgres",
    "--dbname=postgres",
    "--command=SELECT pg_catalog.pg_switch_wal()",
)
"""As the superuser, in the server's own database, where the application has nothing: the log's file is closed."""
SEGMENT: Final = 24
"""Characters of the name of a file of the log; what follows tells of another kind of file."""


def drill(instance: Instance, wanted: str | None, on_line: OnLine) -> Drill:
    """Recover a base backup, by default the newest, with the log since then, and compare it with what is live.

    The Cluster that it makes is removed again whatever happens; what an earlier drill has left, before.

    Raises OpsError when it cannot be recovered, or lacks rows.
    """
    cluster = archive.require_cluster(instance)
    name, parameters = cluster["metadata"]["name"], archive.archived_as(cluster)
    backup = archive.chosen(instance, cluster, wanted, on_line)
    stop = Event()
    with Lock(instance.client, lease(instance.namespace, names.DRILL), "the drill of this stack", stop):
        if scratch.remove(instance, name, on_line):
            on_line("That was left by a drill that was ended.")
        with _toolbox(instance) as pod:
            on_line("Counting the rows of the live database…")
            place = counting.live(instance, pod)
            _archived(instance, cluster, pod, place, on_line, stop)
            on_line(f"Recovering {backup.name} into {scratch.name_of(name)}, with the log up to {place.lsn}…")
            began = time.monotonic()
            with scratch.removed(instance, name, on_line):
                instance.client.create(scratch.manifest(cluster, parameters, backup.id, place.lsn))
                scratch.wait(instance, name, on_line, stop)
                seconds = round(time.monotonic() - began)
                there = scratch.name_of(name)
                on_line("Counting its rows…")
                found = counting.elsewhere(instance, pod, f"{there}-rw", scratch.authority(instance, there))
    age = datetime.now(UTC) - (backup.ended or backup.started or datetime.now(UTC))
    return Drill(
        backup.name,
        round(age.total_seconds() / 3600, 1),
        seconds,
        dict(found.rows),
        len(found.migrations),
        sorted(place.migrations - found.migrations),
        sorted(found.migrations - place.migrations),
        changed(place, found.rows),
        is_base=True,
    )


def changed(place: Place, found: Mapping[str, int]) -> list[str]:
    """The tables that changed while they were counted, so that theirs may be another number.

    Raises OpsError when a table that did not change has other rows than the live one, or is not there.
    """
    still = {table: rows for table, rows in place.before.items() if place.after.get(table) == rows}
    wrong = [
        f"{table}: {rows} live, {found.get(table, 'no such table')} recovered"
        for table, rows in sorted(still.items())
        if found.get(table) != rows
    ]
    unknown = sorted(set(found) - set(place.before) - set(place.after))
    wrong += [f"{table}: not live, {found[table]} recovered" for table in unknown]
    if wrong:
        raise FailedError("The recovered tables do not have the rows of the live ones:\n  " + "\n  ".join(wrong))
    return sorted((set(place.before) | set(place.after)) - set(still))


@contextmanager
def _toolbox(instance: Instance) -> Iterator[Manifest]:
    """A pod that can ask databases, removed at the end."""
    job = jobs.start(instance, names.TOOLBOX)
    try:
        yield jobs.started(instance, job, seconds=START_SECONDS)
    finally:
        jobs.remove(instance, job)


def _archived(instance: Instance, cluster: Manifest, pod: Manifest, place: Place, on_line: OnLine, stop: Event) -> None:
    """Close the log's file that has the place in it, and wait until it is archived."""
    primary = str(cluster.get("status", {}).get("currentPrimary"))
    server = instance.get("v1", "Pod", primary)
    if server is None:
        raise FailedError(f"The Cluster has no primary: {primary} is not there.", hint="`ff doctor` says why.")
    done = run(instance, server, CLOSE, container="postgres")
    if done.code:
        raise FailedError(f"The file of the write-ahead log cannot be closed: {instance.masker()(done.err.strip())}")

    def reached() -> NotYet | None:
        last = counting.archived(instance, pod)
        if last[:SEGMENT] >= place.segment:
            return None
        return NotYet(f"waiting until {place.segment} is archived; the last one is {last or 'none'}")

    until(
        reached,
        ARCHIVE_SECONDS,
        late="The write-ahead log was not archived so far",
        hint=f"`ff doctor --stack {instance.stack.name}` says whether the archive fails.",
        on_state=on_line,
        stop=stop,
    )
