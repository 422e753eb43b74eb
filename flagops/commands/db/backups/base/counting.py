"""Counts the rows of every table, as Flagsmith's own role: in the live Cluster, or in another one with its roles.

In a pod of its own, by the network. Whoever looks at what the application made runs what it made, so nobody does as a
superuser.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import components
from flagops.errors import AnswerError, FailedError
from flagops.kubernetes.objects import Manifest
from flagops.pods.exec import run
from flagops.stacks.deployed import Instance

SCRIPTS: Final = Path(components.__file__).parent / "backup" / "in_pod"
# Tables are counted, which takes as long as reading them does.
SECONDS: Final = 3600.0
# To another Cluster by its own address, whose certificate is of an authority of its own, which comes by
# standard input, with its length: not every server tells a pod where its input ends.
ELSEWHERE: Final = """
authority=${TMPDIR:-/tmp}/elsewhere.crt
head -c "$2" > "$authority"
login=${URL#*://}
URL="postgresql://${login%%@*}@$1:5432/flagsmith?sslmode=verify-full&sslrootcert=$authority&connect_timeout=10"
"""
# The place in the log is between the two counts: what did not change from one to the other was so there.
LIVE: Final = """
rows_now "$URL"
asked "SELECT l || ' ' || pg_walfile_name(l) FROM pg_current_wal_insert_lsn() AS l" "$URL"
rows_now "$URL"
migrations "$URL"
"""
THERE: Final = """
rows_now "$URL"
migrations "$URL"
"""
ARCHIVED: Final = """
asked "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver" "$URL"
"""


@dataclass(frozen=True)
class Place:
    """A place in the write-ahead log of the live Cluster, and what its tables held around it.

    Attributes:
        lsn: The place.
        segment: The file of the log that it is in.
        before: Rows of each table just before.
        after: The same just after.
        migrations: Its migrations.
    """

    lsn: str
    segment: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    migrations: frozenset[str]


@dataclass(frozen=True)
class Counted:
    """What a recovered database holds: rows of each table, and its migrations."""

    rows: Mapping[str, int]
    migrations: frozenset[str]


def live(instance: Instance, pod: Manifest) -> Place:
    """The live Cluster's. Raises OpsError when it cannot be asked."""
    before, place, after, *migrations = _lines(instance, pod, LIVE, "The live database cannot be asked")
    lsn, _, segment = place.partition(" ")
    return Place(lsn, segment, _rows(before), _rows(after), _migrations(migrations))


def archived(instance: Instance, pod: Manifest) -> str:
    """The last file of the log that the live Cluster has archived; empty when it has none."""
    found = _lines(instance, pod, ARCHIVED, "The live database cannot be asked")
    return found[0] if found else ""


def elsewhere(instance: Instance, pod: Manifest, host: str, authority: str) -> Counted:
    """That of another server with the same roles, by the certificate of its authority. Raises OpsError as above."""
    rows, *migrations = _lines(
        instance, pod, f"{ELSEWHERE}{THERE}", f"The database at {host} cannot be asked", host, authority
    )
    return Counted(_rows(rows), _migrations(migrations))


def counter(script: str) -> list[str]:
    """The command that runs one of these scripts in PostgreSQL's image; a host may follow."""
    functions = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in ("database-url.sh", "read-dump.sh"))
    return ["bash", "-c", f"set -euo pipefail\n{functions}\n{script}", "count"]


def _lines(
    instance: Instance, pod: Manifest, script: str, what: str, host: str = "", authority: str | None = None
) -> list[str]:
    stdin = None if authority is None else authority.encode()
    command = [*counter(script), host, str(len(stdin or b""))]
    done = run(instance, pod, command, stdin=stdin, seconds=SECONDS)
    if done.code:
        raise FailedError(f"{what}: {instance.masker()(done.err.strip() or done.out.strip())}")
    return done.out.strip().splitlines()


def _rows(line: str) -> dict[str, int]:
    try:
        return {str(table): int(count) for table, count in json.loads(line).items()}
    except (ValueError, AttributeError, TypeError):
        raise AnswerError(f"The rows of the tables were not counted: {line[:200]!r}.") from None


def _migrations(lines: list[str]) -> frozenset[str]:
    return frozenset(str(json.loads(line)) for line in lines)
