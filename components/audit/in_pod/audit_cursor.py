"""How far the audit log is exported, kept in the database that holds it. Runs in Flagsmith's image.

Numbers are given out before a transaction commits, so an entry can appear below others that were exported already. The
numbers that were missing are kept until they come, or until every transaction that was open then has ended: after that
nobody can fill them. GRACE covers the moment between taking a number and being counted as open. A transaction that is
open for longer than LONGEST is a leftover; what it might still write is given up, and said.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from plain_tables import reading, transaction
from psycopg2 import extensions

GRACE = timedelta(minutes=10)
LONGEST = timedelta(hours=24)
LOG = ("audit_auditlog",)
STATE = """
    SELECT 'public.audit_auditlog'::regclass::oid::bigint, known.relation, known.last_id, known.version,
        known.last_id = 0 OR EXISTS (SELECT FROM public.audit_auditlog entry
            WHERE entry.id = known.last_id AND entry.created_date = known.last_created),
        txid_snapshot_xmin(txid_current_snapshot())
    FROM (SELECT) one LEFT JOIN feature_flags_audit.cursor known ON true
"""


class MovedError(Exception):
    """Another exporter moved the cursor meanwhile."""


class Cursor:
    """The cursor.

    Attributes:
        was_reset: Whether the log is another one than before, as after a restore, and is exported from its start.
        given_up: Ranges of numbers that were given up with a transaction still open.
    """

    def __init__(self, connection: extensions.connection) -> None:
        self._connection = connection
        self._version = self._last = 0
        self._done: list[tuple[int, datetime]] = []
        self.was_reset = False
        self.given_up: list[tuple[int, int]] = []

    def pending(self, limit: int) -> tuple[list[int], list[int]]:
        """The next numbers to export: late ones first, then new ones."""
        with reading(self._connection, LOG) as cursor:
            cursor.execute(STATE)
            ((relation, known, last, version, is_same, oldest),) = cursor.fetchall()
        self.was_reset = version is not None and (relation != known or not is_same)
        if version is None or self.was_reset:
            self._start(relation, version)
            last = 0
        else:
            self._version, self._last = version, last
        with reading(self._connection, LOG) as cursor:
            # After `oldest` was asked for: what ended by then is seen here.
            cursor.execute(
                "SELECT entry.id, entry.created_date FROM feature_flags_audit.gap JOIN public.audit_auditlog entry "
                "ON entry.id BETWEEN gap.first_id AND gap.last_id ORDER BY entry.id LIMIT %s",
                (limit,),
            )
            late = cursor.fetchall()
            if len(late) < limit:
                self._forget(cursor, oldest)
            cursor.execute(
                "SELECT id, created_date FROM public.audit_auditlog WHERE id > %s ORDER BY id LIMIT %s",
                (last, limit - len(late)),
            )
            new = cursor.fetchall()
        self._done = [(number, written) for number, written in new]
        return [number for number, _ in late], [number for number, _ in new]

    def oldest_waiting(self, late: Iterable[int], new: Iterable[int]) -> datetime | None:
        """When the oldest of these was written; None if there are none."""
        with reading(self._connection, LOG) as cursor:
            cursor.execute("SELECT min(created_date) FROM public.audit_auditlog WHERE id = ANY (%s)", ([*late, *new],))
            value: datetime | None = _only(cursor)
            return value

    def advance(self, late: Iterable[int], new: Sequence[int], refused: Iterable[tuple[int, str]]) -> None:
        """Note that these were exported, and what was refused of them. Raises MovedError."""
        last, created = self._done[-1] if new else (self._last, None)
        with transaction(self._connection) as cursor:
            cursor.execute(
                "UPDATE feature_flags_audit.cursor SET last_id = %s, last_created = coalesce(%s, last_created), "
                "version = version + 1 WHERE version = %s",
                (last, created, self._version),
            )
            if cursor.rowcount != 1:
                raise MovedError
            for number in late:
                self._fill(cursor, number)
            for first, end in missing(self._last, new):
                cursor.execute(
                    "INSERT INTO feature_flags_audit.gap VALUES "
                    "(%s, %s, now(), txid_snapshot_xmax(txid_current_snapshot()))",
                    (first, end),
                )
            for number, answer in refused:
                cursor.execute(
                    "INSERT INTO feature_flags_audit.refused VALUES (%s, %s, now()) "
                    "ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, tried = excluded.tried",
                    (number, answer),
                )
        self._version, self._last = self._version + 1, last

    def refused(self) -> int:
        """How many entries the endpoint refused and did not take since."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM feature_flags_audit.refused")
            value: int = _only(cursor)
            return value

    def now(self) -> datetime:
        """The database's time."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            value: datetime = _only(cursor)
            return value

    def refused_before(self, moment: datetime, age: timedelta, limit: int) -> list[int]:
        """Those that were offered last before a moment, or longer ago than `age`."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM feature_flags_audit.refused WHERE tried < greatest(%s, now() - %s) "
                "ORDER BY tried LIMIT %s",
                (moment, age, limit),
            )
            return [number for (number,) in cursor.fetchall()]

    def offered_again(self, numbers: Iterable[int], refused: Iterable[tuple[int, str]]) -> None:
        """Note which of them were taken at last."""
        still = dict(refused)
        with transaction(self._connection) as cursor:
            for number in numbers:
                if number in still:
                    cursor.execute(
                        "UPDATE feature_flags_audit.refused SET answer = %s, tried = now() WHERE id = %s",
                        (still[number], number),
                    )
                else:
                    cursor.execute("DELETE FROM feature_flags_audit.refused WHERE id = %s", (number,))

    def _start(self, relation: int, version: int | None) -> None:
        with transaction(self._connection) as cursor:
            for table in ("gap", "refused", "cursor"):
                cursor.execute(f"DELETE FROM feature_flags_audit.{table}")  # noqa: S608 no input
            cursor.execute(
                "INSERT INTO feature_flags_audit.cursor VALUES (true, %s, 0, NULL, %s)", (relation, (version or 0) + 1)
            )
        self._version, self._last = (version or 0) + 1, 0

    def _fill(self, cursor: extensions.cursor, number: int) -> None:
        """Take one number out of its gap."""
        cursor.execute(
            "DELETE FROM feature_flags_audit.gap WHERE %s BETWEEN first_id AND last_id "
            "RETURNING first_id, last_id, noticed, open_transactions",
            (number,),
        )
        for first, end, noticed, transactions in cursor.fetchall():
            for part in ((first, number - 1), (number + 1, end)):
                if part[0] <= part[1]:
                    cursor.execute(
                        "INSERT INTO feature_flags_audit.gap VALUES (%s, %s, %s, %s)", (*part, noticed, transactions)
                    )

    def _forget(self, cursor: extensions.cursor, oldest: int) -> None:
        """Forget the gaps that nobody can fill; the arrived ones among them are in the batch that is exported now."""
        arrived = "EXISTS (SELECT FROM public.audit_auditlog WHERE id BETWEEN first_id AND last_id)"
        cursor.execute(
            f"DELETE FROM feature_flags_audit.gap WHERE NOT {arrived} AND "  # noqa: S608 no input
            "(noticed < now() - %s AND open_transactions <= %s OR noticed < now() - %s) "
            "RETURNING first_id, last_id, open_transactions",
            (GRACE, oldest, LONGEST),
        )
        self.given_up = [(first, end) for first, end, transactions in cursor.fetchall() if transactions > oldest]


def _only(cursor: extensions.cursor) -> Any:
    """The one value of the one row."""
    ((value,),) = cursor.fetchall()
    return value


def missing(last: int, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The ranges of numbers that are not there, between `last` and the greatest."""
    for number in numbers:
        if number > last + 1:
            yield last + 1, number - 1
        last = number
