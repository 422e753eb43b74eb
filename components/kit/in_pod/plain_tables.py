"""Reads tables of an owner who is not trusted, and runs nothing of his. Runs in Flagsmith's image.

Reading can run what a table's owner wrote, with the rights of who reads: a view in the table's place, a policy, a cast
from a type of his own, and whatever the planner works out beforehand of expressions in indexes, constraints and
statistics. So a reader looks before it reads, with the tables held until its transaction ends: their kind, their
columns and their policies cannot change meanwhile. An index, statistics or an heir could still come in between: where a
reader has rights that the owner has not, this is not all there is to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions

# A migration takes locks: whoever waits in line for one of them makes all others wait behind. And shorter than
# `deadlock_timeout`: a migration that wants a table which is held here finds no deadlock, whose victim it could be.
LOCK = "500ms"
FOUND = """
    WITH looked AS (SELECT c.oid, c.relname, c.relkind, c.relrowsecurity FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (%s)),
        parts AS (SELECT relname, 'pg_class'::regclass AS class, oid AS object FROM looked
            UNION ALL SELECT relname, 'pg_class'::regclass, indexrelid
                FROM looked JOIN pg_index ON indrelid = looked.oid
            UNION ALL SELECT relname, 'pg_constraint'::regclass, made.oid
                FROM looked JOIN pg_constraint made ON conrelid = looked.oid
            UNION ALL SELECT relname, 'pg_statistic_ext'::regclass, made.oid
                FROM looked JOIN pg_statistic_ext made ON stxrelid = looked.oid)
    SELECT relname, 'is no table' FROM looked WHERE relkind <> 'r'
    UNION ALL SELECT relname, 'has policies' FROM looked WHERE relrowsecurity
    UNION ALL SELECT relname, 'has tables that inherit from it'
        FROM looked JOIN pg_inherits ON inhparent = looked.oid
    -- What PostgreSQL itself brings is no dependency.
    UNION ALL SELECT relname, 'uses the ' || pg_describe_object(refclassid, refobjid, 0)
        FROM parts JOIN pg_depend ON classid = class AND objid = object
        WHERE refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
"""


class NotPlainError(psycopg2.Error):
    """Something is not read, since that could run what its owner wrote."""


def look(cursor: psycopg2.extensions.cursor, tables: Sequence[str]) -> None:
    """Hold tables of the schema `public` until the transaction ends, and make sure that each is no more than a table.

    From here on names without a schema are PostgreSQL's own. Raises NotPlainError.
    """
    # In this transaction alone: behind a pooler the session is somebody else's next.
    cursor.execute("SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off")
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK}'")
    # A statement that is prepared is parsed, which holds its tables; to plan it could run the owner's code already.
    names = ", ".join(f"public.{name}" for name in tables)
    cursor.execute(f"PREPARE flagsmith_look AS SELECT FROM {names}; DEALLOCATE flagsmith_look")
    # Of a kind that gives tuples, whatever the other gives.
    with cursor.connection.cursor(cursor_factory=psycopg2.extensions.cursor) as plain:
        plain.execute(FOUND, (list(tables),))
        found = sorted({f"public.{name} {what}" for name, what in plain.fetchall()})
    if found:
        raise NotPlainError(f"not read, since it could run what the tables' owner wrote: {'; '.join(found)}")


@contextmanager
def transaction(connection: psycopg2.extensions.connection, **options: Any) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor in a transaction of its own, on a connection on which each statement is one otherwise."""
    connection.autocommit = False
    try:
        with connection, connection.cursor(**options) as cursor:
            yield cursor
    finally:
        if not connection.closed:
            connection.autocommit = True


@contextmanager
def reading(
    connection: psycopg2.extensions.connection, tables: Sequence[str], **options: Any
) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor in a transaction of its own, in which these tables are plain ones. Raises NotPlainError."""
    with transaction(connection, **options) as cursor:
        look(cursor, tables)
        yield cursor
