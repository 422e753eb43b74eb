"""`ff tasks`, and what the doctor says of locked tasks: on a real PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from typer.testing import Result

from flagops.commands.doctor.tasks import of_queue
from flagops.commands.tasks.tasks import SCRIPT, LockedTask, Queue, parsed
from flagops.pods.pods import PodComponent, pods
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until
from tests.components.flag_metrics.conftest import SCHEMA
from tests.containers import Containers
from tests.servers import Postgres, running_postgres

Run = Callable[..., Result]
ROWS = """
    DELETE FROM task_processor_task; DELETE FROM task_processor_recurringtask;
    INSERT INTO task_processor_task (id, task_identifier, scheduled_for, is_locked, completed, num_failures, timeout)
    VALUES (1, 'webhooks.dead', now() - interval '3 hours', true, false, 0, '60 s'),
           (2, 'webhooks.at_work', now() - interval '20 s', true, false, 0, '60 s'),
           (3, 'counts.long', now() - interval '2 hours', true, false, 0, '4 hours'),
           (4, 'audit.done', now() - interval '3 hours', true, true, 0, '60 s'),
           (5, 'audit.failed', now() - interval '3 hours', true, false, 3, '60 s'),
           (6, 'audit.waits', now() - interval '90 s', false, false, 0, NULL),
           (7, 'audit.later', now() + interval '1 day', false, false, 0, NULL);
    INSERT INTO task_processor_recurringtask (id, task_identifier, is_locked, locked_at)
    VALUES (1, 'tasks.at_work', true, now() - interval '20 s'), (2, 'tasks.dead', true, NULL),
           (3, 'tasks.free', false, NULL)
"""
LOCKED = "SELECT 'standard', id FROM task_processor_task WHERE is_locked AND NOT completed AND num_failures < 3"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("tasks"), "secret") as made:
        made.query(SCHEMA)
        yield made


@pytest.fixture
def server(real: Postgres) -> Postgres:
    real.query(ROWS)
    return real


def script(url: str, *arguments: str, stdin: object = None, **variables: str) -> Any:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, **variables},
        input=json.dumps(stdin),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def names(tasks: object) -> list[str]:
    assert isinstance(tasks, list)
    return [row["task"] for row in tasks]


def test_what_is_locked_and_not_done_is_listed_the_oldest_first(server: Postgres) -> None:
    seen = script(server.url())
    assert names(seen["locked"]) == ["webhooks.dead", "counts.long", "webhooks.at_work", "tasks.dead", "tasks.at_work"]
    found = parsed(seen)
    assert [task.task for task in found.locked if task.may_be_lost()] == ["webhooks.dead", "tasks.dead"]
    assert all(task.may_be_lost(timedelta()) for task in found.locked)
    assert (found.waiting, round(found.oldest_seconds / 10)) == (1, 9)


def test_a_row_that_its_worker_has_written_since_is_left_alone(server: Postgres) -> None:
    rows = script(server.url())["locked"]
    # A worker that finishes one of them, and another that takes the one that was given back in the meantime.
    server.query("UPDATE task_processor_task SET completed = true, is_locked = false WHERE id = 1")
    server.query("UPDATE task_processor_task SET is_locked = false WHERE id = 2")
    server.query("UPDATE task_processor_task SET is_locked = true WHERE id = 2")
    assert script(server.url(), "unlock", stdin=rows) == {"unlocked": 3, "changed": 2}
    assert server.query(LOCKED) == [("standard", 2)]
    held = "SELECT count(*) FROM task_processor_recurringtask WHERE is_locked OR locked_at IS NOT NULL"
    assert server.query(held) == [(0,)]
    assert script(server.url(), "unlock", stdin=rows) == {"unlocked": 0, "changed": 5}


def test_a_row_that_a_worker_is_writing_is_waited_for_and_left_alone(server: Postgres) -> None:
    rows = [row for row in script(server.url())["locked"] if row["task"] == "webhooks.dead"]
    with closing(psycopg2.connect(server.url())) as worker, worker.cursor() as cursor:
        cursor.execute("UPDATE task_processor_task SET completed = true, is_locked = false WHERE id = 1")
        other = subprocess.Popen(
            [sys.executable, str(SCRIPT), "unlock"],
            env={"PATH": os.environ["PATH"], "DATABASE_URL": server.url()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert other.stdin is not None
        other.stdin.write(json.dumps(rows))
        other.stdin.close()
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        until(lambda: None if server.query(blocked) == [(1,)] else NotYet(), 20, late="Nobody waits for the row")
        worker.commit()
    assert other.stdout is not None
    assert json.loads(other.stdout.read()) == {"unlocked": 0, "changed": 1}
    other.stdout.close()
    assert other.wait(30) == 0


def test_a_database_of_tasks_alone_is_asked_too_and_one_without_tables_is_empty(server: Postgres) -> None:
    server.query("DROP DATABASE IF EXISTS bare", "postgres")
    server.query("CREATE DATABASE bare", "postgres")
    assert script(server.url("bare")) == {"locked": [], "waiting": 0, "oldest_seconds": 0}
    both = script(server.url("bare"), TASK_PROCESSOR_DATABASE_URL=server.url())
    assert {row["database"] for row in both["locked"]} == {"TASK_PROCESSOR_DATABASE_URL"}
    answer = script(server.url("bare"), "unlock", stdin=both["locked"], TASK_PROCESSOR_DATABASE_URL=server.url())
    assert answer == {"unlocked": 5, "changed": 0}


def test_the_columns_that_an_older_release_lacks_are_not_asked_for(server: Postgres) -> None:
    server.query("DROP DATABASE IF EXISTS older", "postgres")
    server.query("CREATE DATABASE older", "postgres")
    server.query(SCHEMA, "older")
    server.query(ROWS, "older")
    for column in ("task_processor_task DROP timeout", "task_processor_recurringtask DROP timeout, DROP locked_at"):
        server.query(f"ALTER TABLE {column}", "older")
    rows = script(server.url("older"))["locked"]
    assert {row["limit_seconds"] for row in rows} == {None}
    assert script(server.url("older"), "unlock", stdin=rows) == {"unlocked": 5, "changed": 0}


def test_what_the_database_refuses_is_said_without_a_password(server: Postgres) -> None:
    wrong = server.url().replace(server.password, "a-wrong-one")
    said = script(wrong)["error"]
    assert "password authentication failed" in said
    assert "a-wrong-one" not in said


def locked(number: int, seconds: float | None, limit: float | None = 60.0) -> LockedTask:
    return LockedTask(
        database="DATABASE_URL",
        kind="standard",
        id=number,
        task="webhooks.call",
        version="7",
        seconds=seconds,
        limit_seconds=limit,
    )


def test_the_doctor_names_what_is_locked_for_an_hour() -> None:
    assert list(of_queue("local", Queue(locked=(locked(1, 3599),), waiting=0, oldest_seconds=0))) == []
    many = Queue(locked=tuple(locked(number, 3601) for number in range(12)), waiting=3, oldest_seconds=7200)
    (finding,) = of_queue("local", many)
    assert finding.name == "tasks-locked"
    assert finding.evidence[0] == "standard task 0, webhooks.call: due 1:00:01 ago"
    assert finding.evidence[10:] == (
        "and 2 more",
        "3 tasks wait, the oldest for 2:00:00: if the task processor is catching up, some of these are being done",
    )
    assert finding.fix == "ff tasks unlock --stack local"


@pytest.fixture
def queued(database: Containers) -> Iterator[Postgres]:
    """The database of the simulated stack, with tasks in it."""
    made = database.postgres
    made.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made.query(SCHEMA)
    made.query(ROWS)
    yield made
    made.start()
    made.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


@pytest.mark.cluster
def test_every_worker_is_replaced_before_what_it_left_is_unlocked(
    queued: Postgres, instance: Instance, run: Run
) -> None:
    shown = run("tasks", "list")
    assert shown.exit_code == 0, shown.stderr
    assert "5 locked, 1 due and waiting" in shown.stdout
    assert json.loads(run("tasks", "list", "--json").stdout)["waiting"] == 1
    before = {pod["metadata"]["uid"] for pod in pods(instance, PodComponent.TASK_PROCESSOR)}
    refused = run("tasks", "unlock")
    assert refused.exit_code == 1
    assert "Add --yes" in refused.stderr
    assert {pod["metadata"]["uid"] for pod in pods(instance, PodComponent.TASK_PROCESSOR)} == before
    done = run("tasks", "unlock", "--yes")
    assert done.exit_code == 0, done.stderr
    assert "webhooks.dead" in done.stderr
    assert "at_work" not in done.stderr
    assert "may be sent twice" in " ".join(done.stderr.split())
    assert "Unlocked 2 of 2 tasks." in done.stdout
    assert not before & {pod["metadata"]["uid"] for pod in pods(instance, PodComponent.TASK_PROCESSOR)}
    assert queued.query(LOCKED + " ORDER BY id") == [("standard", 2), ("standard", 3)]
    assert "No task of local is locked for longer than 1h" in run("tasks", "unlock", "--yes").stdout
