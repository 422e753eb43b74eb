"""A real PostgreSQL, and the Jobs that make its roles: each a process of this machine, as its container runs it."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from components.postgres.roles import SCRIPTS
from tests.postgres_programs import as_postgres, postgres_programs
from tests.servers import LOOPBACK, Postgres, give_to_postgres, running_postgres

if TYPE_CHECKING:
    from tests.components.postgres.moving import Move

PASSWORD = "only-for-tests"
# As Flagsmith's database looks that the superuser made: tables with serial, identity and partitions, and the rest.
SCHEMA = """
    CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE TYPE pair AS (a integer, b integer);
    CREATE TABLE users (id serial PRIMARY KEY, email text, password text, mood mood, size positive);
    CREATE TABLE "Odd שם" (id integer GENERATED ALWAYS AS IDENTITY, data pair);
    CREATE TABLE parts (id integer, day date) PARTITION BY RANGE (day);
    CREATE TABLE parts_now PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE VIEW happy AS SELECT email FROM users WHERE mood = 'happy';
    CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM users;
    CREATE SEQUENCE alone;
    CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
    CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE longest(text) (sfunc = textcat, stype = text);
    CREATE STATISTICS told ON email, mood FROM users;
    INSERT INTO users (email, password, mood) VALUES ('a@example.com', 'hash-of-a-password', 'happy');
"""


def instead(home: Path, program: str, script: str) -> Path:
    """A directory with a program in the place of another one of that name."""
    programs = home / "instead"
    programs.mkdir(mode=0o755)
    (programs / program).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    (programs / program).chmod(0o755)
    return programs


@dataclass
class Roles:
    """The Jobs, with what their Secrets hold."""

    home: Path
    server: Postgres
    secrets: dict[str, str] = field(
        default_factory=lambda: {
            "PASSWORD": PASSWORD,
            "LOGIN": "flagsmith_a",
            "LOGIN_PASSWORD": "first",
            "AUDIT_PASSWORD": "audit",
            "ANALYTICS_PASSWORD": "analytics",
            "STATEMENT_TIMEOUT": "30s",
        }
    )

    def run(self, *scripts: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A container of PostgreSQL's image."""
        source = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in scripts)
        place = {"PGHOST": LOOPBACK, "PGPORT": str(self.server.port), "PGUSER": "postgres", "PGDATABASE": "flagsmith"}
        path = {"PATH": f"{postgres_programs(self.server.major)}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            as_postgres("bash", "-c", source, scripts[-1]),
            env={**path, **place, **self.secrets, **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def make(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """The Job before the migration."""
        return self.run("administrator.sh", "own-database.sh", "make-roles.sh", **variables)

    def grant(self, files: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """The Job after the migration, with these files."""
        directory = self.home / "grants"
        directory.mkdir(exist_ok=True)
        for path in directory.iterdir():
            path.unlink()
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
        give_to_postgres(directory)
        return self.run("administrator.sh", "own-database.sh", "grant-readers.sh", GRANTS=str(directory))

    def connect(self, role: str, password: str) -> "psycopg2.extensions.connection":
        """A connection as a role's program opens it."""
        url = f"postgresql://{role}:{password}@{LOOPBACK}:{self.server.port}/flagsmith"
        connection = psycopg2.connect(url, connect_timeout=5)
        connection.autocommit = True
        return connection

    def ask(self, role: str, password: str, statement: str) -> list[tuple[object, ...]]:
        """What a role gets for a statement."""
        connection = self.connect(role, password)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def owners(self) -> dict[str, str]:
        """Who owns the database, its schema and what is in it."""
        found = self.server.query("""
            SELECT 'database', datdba::regrole::text FROM pg_database WHERE datname = current_database()
            UNION ALL SELECT 'schema', nspowner::regrole::text FROM pg_namespace WHERE nspname = 'public'
            UNION ALL SELECT relname, relowner::regrole::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace
            UNION ALL SELECT proname, proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT typname, typowner::regrole::text FROM pg_type WHERE typnamespace = 'public'::regnamespace
            UNION ALL SELECT stxname, stxowner::regrole::text FROM pg_statistic_ext
        """)
        return dict(found)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Of any major version, or of each, where a module is parametrized by them."""
    major = getattr(request, "param", None)
    with running_postgres(tmp_path_factory.mktemp("roles-server"), PASSWORD, major) as made:
        yield made


def drop_roles(server: Postgres) -> None:
    """Drop all roles but the superuser, with what they were granted on the server."""
    server.query(
        """
        DO $do$
        DECLARE names text;
        BEGIN
            SELECT string_agg(quote_ident(rolname), ', ') INTO names FROM pg_roles
                WHERE rolname !~ '^pg_|^postgres$';
            IF names IS NOT NULL THEN
                EXECUTE format('DROP OWNED BY %1$s CASCADE; DROP ROLE %1$s', names);
            END IF;
        END $do$
        """,
        "postgres",
    )


def emptied(server: Postgres, home: Path) -> Roles:
    """A server without the roles, and an empty database of the superuser's."""
    databases = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
    for (name,) in server.query(databases, "postgres"):
        server.query(f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")
    drop_roles(server)
    server.query(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'", "postgres")
    server.query("CREATE DATABASE flagsmith", "postgres")
    give_to_postgres(home)
    return Roles(home, server)


@pytest.fixture
def roles(server: Postgres, tmp_path: Path) -> Roles:
    """A server without the roles, and an empty database of the superuser's."""
    return emptied(server, tmp_path)


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """What a Job that ended well printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Another server, where data can move to."""
    with running_postgres(tmp_path_factory.mktemp("second-server"), "second-for-tests") as made:
        yield made


@pytest.fixture
def move(server: Postgres, second: Postgres, tmp_path: Path) -> "Move":
    """The Jobs of a move from one server to the other."""
    # It is made of what is here.
    from tests.components.postgres.moving import both

    return both(tmp_path, server, second)
