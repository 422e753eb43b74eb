"""Migrates the database without standing in the way of the application. Its arguments are the command.

A migration that waits for a table's lock makes every later query on the table wait behind it. PGOPTIONS bounds that
wait; one that got no lock gives way, and is tried again from where it came to: each of Flagsmith's migrations is whole
or not at all. Only an index that was being built beside the running application stays, useless: it is dropped first,
since Flagsmith would take it for one that is there.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class, whatever its name

ATTEMPTS = 20
PAUSE_SECONDS = float(os.environ.get("PAUSE_SECONDS", "10"))
WAIT_SECONDS = 120
# Each message of libpq's is in the server's language; this name is not.
NO_LOCK = "LockNotAvailable"
# Not one that somebody builds now, nor while it cannot be seen what others build.
HALF_BUILT = """
    SELECT n.nspname, c.relname FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname = 'public'
    AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p
        WHERE p.datname = current_database() AND (p.index_relid = c.oid OR p.index_relid IS NULL))
"""


def connect(url: str) -> Connection | None:
    """A connection, once the server lets us in; None for a URL that libpq does not read."""
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection = psycopg2.connect(url)
        except psycopg2.OperationalError as error:
            if time.monotonic() > ends:
                reason = str(error).strip().replace("\n", " ")
                raise SystemExit(f"PostgreSQL did not let Flagsmith in within {WAIT_SECONDS} s: {reason}") from None
            time.sleep(0.5)
        except psycopg2.Error:
            return None
        else:
            connection.autocommit = True
            return connection


def drop_half_built(url: str) -> None:
    """Drop indexes that an interrupted migration left; one that cannot be dropped now is left for the next attempt."""
    connection = connect(url)
    if connection is None:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(HALF_BUILT)
            for found in cursor.fetchall():
                cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(*found)))
                print(f"Dropped the index {found[1]}, which was never finished.", flush=True)
    except psycopg2.Error as error:
        print(f"An unfinished index is not dropped yet: {str(error).strip()}", flush=True)
    finally:
        connection.close()


def migrate(command: Sequence[str]) -> tuple[int, bool]:
    """Run the command, and pass on what it prints; its exit code, and whether it got no lock."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    lacked = False
    for line in process.stdout or ():
        print(line, end="", flush=True)
        lacked = lacked or NO_LOCK in line
    return process.wait(), lacked


def main() -> None:
    """Try until it is done, or fails for another reason than a lock."""
    for attempt in range(1, ATTEMPTS + 1):
        drop_half_built(os.environ["DATABASE_URL"])
        code, lacked = migrate(sys.argv[1:])
        if not lacked or code <= 0:
            break
        print(f"A migration got no lock in time, and gave way (attempt {attempt} of {ATTEMPTS}).", flush=True)
        if attempt < ATTEMPTS:
            time.sleep(PAUSE_SECONDS)
    else:
        print("Something holds its lock all the time: `ff db connections` shows what is connected.", flush=True)
    raise SystemExit(code if code >= 0 else 128 - code)


main()
