"""A real PostgreSQL with an audit log that a real Flagsmith wrote, read as the role that may read it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from components.audit.reader import SCRIPTS
from components.postgres import roles
from tests.in_pod import SHARED
from tests.servers import LOOPBACK, Postgres, answered

RECORDED = Path(__file__).parent / "recorded-2.265.0.sql"
GRANTS = roles.SCRIPTS / "grants-audit.sql"
ROLE = "flagsmith_audit"
SOURCE = "flags.example.com"
Connection = psycopg2.extensions.connection


@dataclass
class Log:
    """The audit log in its database."""

    postgres: Postgres

    @property
    def url(self) -> str:
        """The database, as the role that reads the log."""
        return f"postgresql://{ROLE}:{self.postgres.password}@{LOOPBACK}:{self.postgres.port}/flagsmith"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        return self.postgres.query(statement)

    def as_role(self, statement: str) -> list[tuple[Any, ...]]:
        return answered(self.url, statement)

    def grant(self) -> None:
        self.query(GRANTS.read_text(encoding="utf-8"))

    def connect(self) -> Connection:
        """A connection as Flagsmith has one, on which a transaction is open from its first statement on."""
        return psycopg2.connect(self.postgres.url())

    def last(self) -> int:
        return int(self.query("SELECT coalesce(max(id), 0) FROM audit_auditlog")[0][0])

    def read(self, **variables: str) -> list[dict[str, Any]]:
        """What the Job prints; its count is checked."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.url,
            "SOURCE": SOURCE,
            "LIMIT": "1000",
            "PYTHONPATH": SHARED,
            **variables,
        }
        done = subprocess.run(
            [sys.executable, SCRIPTS / "read_audit.py"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        *entries, count = (json.loads(line) for line in done.stdout.splitlines())
        assert count == {"entries": len(entries)}
        return entries


def write(connection: Connection, text: str = "Flag state updated for feature: match_report") -> int:
    """Write an entry, as Flagsmith's task processor does; its number. It is there when the transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditlog (created_date, log, author_id, environment_id, project_id, related_object_id, "
            "related_object_type, is_system_event) VALUES (clock_timestamp(), %s, 1, 1, 1, 1, 'FEATURE_STATE', false) "
            "RETURNING id",
            (text,),
        )
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])
