"""Migrations that find a table in use, on a real PostgreSQL: they give way, come again, leave nothing half-built."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import pytest
from psycopg2 import errors

from components.flagsmith.migration import SCRIPT
from tests.components.postgres.conftest import Roles, succeeded
from tests.recording import environment, record, recorded
from tests.servers import Postgres

# Stands in for `flagsmith migrate`: each of these is a migration of its own.
MIGRATE = """
import os, sys, psycopg2
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
for statement in sys.argv[1:]:
    connection.cursor().execute(statement)
    print("Applied", statement, flush=True)
"""
ADD = "ALTER TABLE flags ADD COLUMN IF NOT EXISTS added text"
INDEX = "CREATE INDEX CONCURRENTLY IF NOT EXISTS flags_name ON flags (name)"


@dataclass
class Migrations:
    """The Job's container, and what else uses the table."""

    server: Postgres

    def start(self, *statements: str, options: str = "-c lock_timeout=400ms") -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", SCRIPT.read_text("utf-8"), sys.executable, "-c", MIGRATE, *statements]
        variables = {"DATABASE_URL": self.server.url(), "PGOPTIONS": options, "PAUSE_SECONDS": "0.2"}
        return subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    @contextmanager
    def in_use(self) -> Iterator["psycopg2.extensions.connection"]:
        """A request that reads the table and does not end."""
        connection = psycopg2.connect(self.server.url())
        connection.cursor().execute("SELECT count(*) FROM flags")
        try:
            yield connection
        finally:
            connection.close()

    def names(self) -> list[str]:
        return [name for (name,) in self.server.query("SELECT relname FROM pg_class WHERE relname LIKE 'flags%'")]


@pytest.fixture
def migrations(server: Postgres) -> Migrations:
    server.query("DROP TABLE IF EXISTS flags; CREATE TABLE flags (id serial, name text)")
    server.query("INSERT INTO flags (name) SELECT 'flag' FROM generate_series(1, 1000)")
    return Migrations(server)


def gives_way(process: "subprocess.Popen[str]") -> str:
    """What is printed until an attempt has given way."""
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if "gave way" in line:
            return "".join(printed)
    raise AssertionError("".join(printed))


def test_a_migration_that_gets_no_lock_gives_way_and_is_done_once_it_gets_it(migrations: Migrations) -> None:
    with migrations.in_use():
        process = migrations.start("CREATE TABLE IF NOT EXISTS flags_more (id int)", ADD)
        assert "attempt 1 of 20" in gives_way(process)
        assert "attempt 2 of 20" in gives_way(process)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert f"Applied {ADD}" in printed
    migrations.server.query("DROP TABLE flags_more")


def test_flag_queries_behind_a_waiting_migration_wait_no_longer_than_its_lock_timeout(migrations: Migrations) -> None:
    longest, stop = [0.0], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            began = time.monotonic()
            migrations.server.query("SELECT name FROM flags LIMIT 1")
            longest[0] = max(longest[0], time.monotonic() - began)

    with migrations.in_use():
        asking = threading.Thread(target=ask)
        asking.start()
        process = migrations.start(ADD)
        for _ in range(3):
            gives_way(process)
        stop.set()
        asking.join()
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    # Without the time-out it would be as long as the request that holds the table.
    assert 0.1 < longest[0] < 5


def test_an_index_that_was_interrupted_is_built_anew_and_not_taken_for_one_that_is_there(
    migrations: Migrations,
) -> None:
    with migrations.in_use() as request:
        request.cursor().execute("UPDATE flags SET name = 'held' WHERE id = 1")
        process = migrations.start(INDEX)
        gives_way(process)
        assert "flags_name" in migrations.names()
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert "Dropped the index flags_name, which was never finished." in printed
    assert migrations.server.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'flags_name'::regclass") == [
        (True,)
    ]


def test_what_a_killed_pod_left_is_dropped_before_the_first_attempt(migrations: Migrations) -> None:
    migrations.server.query("CREATE INDEX flags_name ON flags (name)")
    migrations.server.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'flags_name'::regclass")
    process = migrations.start(INDEX)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert printed.index("Dropped the index") < printed.index("Applied")


def test_another_failure_ends_at_once_with_its_own_code(migrations: Migrations) -> None:
    process = migrations.start("SELECT nonsense")
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert printed.count("UndefinedColumn") == 1
    assert "gave way" not in printed


def test_who_ends_the_container_ends_the_migration(migrations: Migrations) -> None:
    process = migrations.start("SELECT 'begun'", "SELECT pg_sleep(600)")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Applied")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_statement_of_the_applications_ends_in_time_and_one_of_a_migration_does_not(
    roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(roles.make(STATEMENT_TIMEOUT="1s"))
    for limited in ("flagsmith_a",):
        with pytest.raises(errors.QueryCanceled):
            roles.ask(limited, "first", "SELECT pg_sleep(20)")
    job = recorded("production").starting("Job", "flagsmith-migrate-")["spec"]
    monkeypatch.setenv("PGOPTIONS", environment(job["template"])["PGOPTIONS"])
    assert roles.ask("flagsmith_a", "first", "SELECT pg_sleep(1.5) IS NULL") == [(False,)]
    assert roles.ask("flagsmith_a", "first", "SHOW lock_timeout") == [("5s",)]


def test_a_role_of_an_existing_secret_is_limited_too(roles: Roles) -> None:
    roles.server.query("CREATE ROLE mine LOGIN PASSWORD 'mine'; GRANT CONNECT ON DATABASE flagsmith TO mine")
    url = roles.server.url().replace(f"postgres:{roles.server.password}", "mine:mine")
    del roles.secrets["LOGIN"], roles.secrets["LOGIN_PASSWORD"]
    succeeded(roles.make(APPLICATION_URL=url, STATEMENT_TIMEOUT="7s"))
    assert roles.ask("mine", "mine", "SHOW statement_timeout") == [("7s",)]


def test_no_pod_of_a_job_meets_the_one_before_it_in_the_database() -> None:
    for name in ("local", "staging", "production"):
        jobs = recorded(name).all("Job")
        assert len(jobs) >= 3
        assert {job["spec"]["podReplacementPolicy"] for job in jobs} == {"Failed"}


def test_a_pooler_that_refuses_options_gets_none() -> None:
    settings: dict[str, object] = {"mode": "external", "existingSecret": "elsewhere", "migrationLockTimeout": 0}
    overrides = {"postgres": settings, "taskProcessor": {"idleSessionTimeout": 0}}
    recording = record("local", overrides)
    job = recording.starting("Job", "flagsmith-migrate-")["spec"]["template"]
    worker = recording.one("Deployment", "flagsmith-task-processor")["spec"]["template"]
    for template in (job, worker):
        assert "PGOPTIONS" not in environment(template)
    assert (
        environment(
            record("local", {"postgres": {**settings, "migrationLockTimeout": 9}}).starting(
                "Job", "flagsmith-migrate-"
            )["spec"]["template"]
        )["PGOPTIONS"]
        == "-c statement_timeout=0 -c lock_timeout=9s"
    )


def test_roles_are_made_on_a_server_that_answers_a_little_later(roles: Roles) -> None:
    roles.server.stop()
    done: list[subprocess.CompletedProcess[str]] = []
    job = threading.Thread(target=lambda: done.append(roles.make()))
    job.start()
    try:
        job.join(2)
        assert job.is_alive()
    finally:
        roles.server.start()
    job.join(60)
    succeeded(done[0])


def test_roles_say_when_the_server_never_answered(roles: Roles) -> None:
    roles.server.stop()
    try:
        done = roles.make(WAIT_SECONDS="1")
    finally:
        roles.server.start()
    assert done.returncode == 1
    assert "did not answer within 1 s" in done.stderr
