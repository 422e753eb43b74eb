"""Tells which tasks are locked, or unlocks some. Runs in an API pod, with Flagsmith's own connections.

Tables and columns as of Flagsmith 2.265.0 (flagsmith-common 3.13.1); older releases lack some of the columns.

Without an argument it prints what is locked. With `unlock` it reads, from a line of standard input (whose end not every
server tells a pod), those rows as it printed them, and unlocks each that nobody has written since: a task's lock has no
time, but its row has a version (`xmin`).
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2

# As many as are read, and shown to nobody beyond some dozens.
MOST = 10_000
STATEMENT_MILLISECONDS = 30_000
VARIABLES = ("DATABASE_URL", "TASK_PROCESSOR_DATABASE_URL")
# A column that the release lacks is null in what the row is as JSON.
STANDARD = """
    SELECT id, task_identifier, xmin::text, extract(epoch FROM now() - scheduled_for)::float,
           extract(epoch FROM (to_jsonb(task) ->> 'timeout')::interval)::float
    FROM task_processor_task task
    WHERE is_locked AND NOT completed AND num_failures < 3 ORDER BY scheduled_for, id LIMIT %s
"""
RECURRING = """
    SELECT id, task_identifier, xmin::text, extract(epoch FROM now() - (to_jsonb(task) ->> 'locked_at')::timestamptz)
           ::float, extract(epoch FROM (to_jsonb(task) ->> 'timeout')::interval)::float
    FROM task_processor_recurringtask task WHERE is_locked ORDER BY 4 DESC NULLS FIRST, id LIMIT %s
"""
WAITING = """
    SELECT count(*), coalesce(max(extract(epoch FROM now() - scheduled_for)), 0)::float FROM task_processor_task
    WHERE NOT is_locked AND NOT completed AND num_failures < 3 AND scheduled_for < now()
"""
# None before the first migration.
HAS_TABLES = "SELECT to_regclass('task_processor_task') IS NOT NULL"
HAS_LOCKED_AT = """
    SELECT count(*) FROM pg_attribute
    WHERE attrelid = to_regclass('task_processor_recurringtask') AND attname = 'locked_at' AND NOT attisdropped
"""
FREE_STANDARD = """
    UPDATE task_processor_task SET is_locked = false
    WHERE id = %s AND xmin::text = %s AND is_locked AND NOT completed
"""
FREE_RECURRING = """
    UPDATE task_processor_recurringtask SET is_locked = false{time}
    WHERE id = %s AND xmin::text = %s AND is_locked
"""
FIELDS = ("id", "task", "version", "seconds", "limit_seconds")


def databases() -> Iterator[tuple[str, Any]]:
    """Each database that holds tasks, by the variable that names it, with a cursor in it; committed at the end."""
    seen = set()
    for variable in VARIABLES:
        url = os.environ.get(variable)
        if url and url not in seen:
            seen.add(url)
            with (
                closing(psycopg2.connect(url, connect_timeout=5)) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("SET LOCAL statement_timeout = %s", (STATEMENT_MILLISECONDS,))
                cursor.execute(HAS_TABLES)
                if cursor.fetchone() == (True,):
                    yield variable, cursor


def look() -> object:
    """What is locked, and what waits."""
    locked, waiting, oldest = [], 0, 0.0
    for variable, cursor in databases():
        for kind, statement in (("standard", STANDARD), ("recurring", RECURRING)):
            cursor.execute(statement, (MOST,))
            rows = cursor.fetchall()
            locked += [{"database": variable, "kind": kind, **dict(zip(FIELDS, row, strict=True))} for row in rows]
        cursor.execute(WAITING)
        ((count, seconds),) = cursor.fetchall()
        waiting, oldest = waiting + count, max(oldest, seconds)
    return {"locked": locked, "waiting": waiting, "oldest_seconds": oldest}


def unlock(rows: list[dict[str, Any]]) -> object:
    """Unlock these; how many were, and how many others had changed since."""
    freed = 0
    for variable, cursor in databases():
        cursor.execute(HAS_LOCKED_AT)
        ((has_time,),) = cursor.fetchall()
        statements = {
            "standard": FREE_STANDARD,
            "recurring": FREE_RECURRING.format(time=", locked_at = NULL" if has_time else ""),
        }
        for row in rows:
            if row["database"] == variable:
                cursor.execute(statements[row["kind"]], (row["id"], row["version"]))
                freed += cursor.rowcount
    return {"unlocked": freed, "changed": len(rows) - freed}


def main() -> None:
    """Do it, and print one JSON document."""
    try:
        answer = unlock(json.loads(sys.stdin.readline())) if sys.argv[1:] == ["unlock"] else look()
    except psycopg2.Error as error:
        answer = {"error": " ".join(str(error).split())}
    print(json.dumps(answer))


main()
