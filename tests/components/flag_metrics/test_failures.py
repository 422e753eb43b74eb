"""What tasks fail, and what Flagsmith has given up: counted in the database, and cheaply."""

import importlib
from typing import Any

import psycopg2
import pytest

from tests.components.flag_metrics.conftest import GRANTS, Exporter, Metrics, new_exporter, url_of
from tests.servers import Postgres

FAILED, GIVEN_UP = "flagsmith_tasks_failed", "flagsmith_tasks_given_up"
ABANDONED, RECURRING = "flagsmith_tasks_abandoned", "flagsmith_recurring_task_given_up"
PART_UP = "flagsmith_flag_metrics_part_up"


def task(server: Postgres, identifier: str, *, completed: bool = False, failures: int = 0, locked: bool = False) -> int:
    """A task; its number."""
    ((number,),) = server.query(
        "INSERT INTO task_processor_task (task_identifier, scheduled_for, is_locked, completed, num_failures)"  # noqa: S608
        f" VALUES ('{identifier}', now(), {locked}, {completed}, {failures}) RETURNING id"
    )
    return int(number)


def runs(server: Postgres, number: int, *results: str, ago: str = "1 minute", table: str = "taskrun") -> None:
    """What became of it, each time that it was tried."""
    values = ", ".join(f"({number}, '{result}', now() - interval '{ago}')" for result in results)
    server.query(f"INSERT INTO task_processor_{table} (task_id, result, started_at) VALUES {values}")  # noqa: S608


def recurring(server: Postgres, identifier: str, **values: str) -> int:
    columns = {"task_identifier": f"'{identifier}'", **values}
    ((number,),) = server.query(
        f"INSERT INTO task_processor_recurringtask ({', '.join(columns)})"  # noqa: S608
        f" VALUES ({', '.join(columns.values())}) RETURNING id"
    )
    return int(number)


def test_each_failure_counts_from_the_first_on_and_those_of_an_hour_ago_do_not(
    server: Postgres, exporter: Exporter
) -> None:
    assert exporter.turn().all(FAILED) == {}
    twice = task(server, "webhooks.call", completed=True, failures=2)
    runs(server, twice, "FAILURE", "FAILURE", "SUCCESS")
    assert exporter.turn().all(FAILED) == {("webhooks.call", "standard"): 2}
    lost = task(server, "webhooks.call", failures=3)
    runs(server, lost, "FAILURE", "FAILURE", "FAILURE")
    another = task(server, "audit.write", failures=1)
    runs(server, another, "FAILURE", ago="59 minutes")
    runs(server, another, "FAILURE", ago="61 minutes")
    hourly = recurring(server, "tasks.hourly")
    runs(server, hourly, "FAILURE", "SUCCESS", table="recurringtaskrun")
    found = exporter.turn()
    assert found.all(FAILED) == {
        ("webhooks.call", "standard"): 5,
        ("audit.write", "standard"): 1,
        ("tasks.hourly", "recurring"): 1,
    }
    assert found.all(GIVEN_UP) == {("webhooks.call",): 1}


def test_a_task_is_given_up_after_its_third_failure_and_counted_once(server: Postgres, exporter: Exporter) -> None:
    for failures in (1, 2, 3, 3):
        runs(server, task(server, "audit.write", failures=failures), *["FAILURE"] * failures)
    assert exporter.turn().all(GIVEN_UP) == {("audit.write",): 2}
    # As somebody does who has them tried again.
    server.query("UPDATE task_processor_task SET num_failures = 0 WHERE NOT completed AND num_failures >= 3")
    assert exporter.turn().all(GIVEN_UP) == {}


def test_a_recurring_task_is_told_by_its_name_when_flagsmith_does_it_no_more(
    server: Postgres, exporter: Exporter
) -> None:
    recurring(server, "tasks.well")
    recurring(server, "tasks.fails", num_consecutive_failures="3")
    recurring(server, "tasks.at_work", is_locked="true", locked_at="now()")
    recurring(server, "tasks.disabled", is_disabled="true", num_consecutive_failures="4")
    recurring(server, "tasks.locked", is_locked="true")
    # One name with two rhythms.
    recurring(server, "tasks.disabled")
    found = exporter.turn().all(RECURRING)
    assert {name for (name,), value in found.items() if value} == {"tasks.disabled", "tasks.locked"}
    assert {name for (name,), value in found.items() if not value} == {"tasks.well", "tasks.fails", "tasks.at_work"}
    server.query("UPDATE task_processor_recurringtask SET is_disabled = false, is_locked = false")
    assert set(exporter.turn().all(RECURRING).values()) == {0}


def test_a_task_that_stays_locked_beyond_its_time_limit_is_abandoned(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = new_exporter(server)
    now = [1000.0]
    (part,) = (part for part in exporter.real.parts if part.name == "failures")
    monkeypatch.setattr(part, "_clock", lambda: now[0])
    dead, quick, slow = (task(server, name, locked=True) for name in ("dead", "quick", "slow"))
    server.query(f"UPDATE task_processor_task SET timeout = '60 s' WHERE id IN ({dead}, {quick})")  # noqa: S608
    server.query(f"UPDATE task_processor_task SET timeout = '4 hours' WHERE id = {slow}")  # noqa: S608
    assert exporter.turn().all(ABANDONED) == {}
    now[0] += 3600 - 1
    server.query(f"UPDATE task_processor_task SET completed = true WHERE id = {quick}")  # noqa: S608
    assert exporter.turn().all(ABANDONED) == {}
    now[0] += 2
    assert exporter.turn().all(ABANDONED) == {("dead",): 1}
    # A database that is away for a while makes nothing young again.
    server.stop()
    exporter.turn()
    server.start()
    now[0] += 4 * 3600
    assert exporter.turn().all(ABANDONED) == {("dead",): 1, ("slow",): 1}
    server.query(f"UPDATE task_processor_task SET is_locked = false WHERE id = {dead}")  # noqa: S608
    assert exporter.turn().all(ABANDONED) == {("slow",): 1}
    server.query("UPDATE task_processor_task SET is_locked = true")
    assert exporter.turn().all(ABANDONED) == {("slow",): 1}


def filled(server: Postgres, rows: int, results: str) -> None:
    server.query(
        f"""
        INSERT INTO task_processor_task (scheduled_for, is_locked, completed, num_failures)
        SELECT now() - interval '1 day', false, true, 0 FROM generate_series(1, {rows});
        INSERT INTO task_processor_taskrun (task_id, result, started_at)
        SELECT id, {results}, now() - interval '1 day' FROM task_processor_task;
        ANALYZE
        """  # noqa: S608
    )


def plans(server: Postgres) -> list[str]:
    """What PostgreSQL says that each statement of the part would cost it, one after the other."""
    exporter = new_exporter(server)
    (part,) = (part for part in exporter.real.parts if part.name == "failures")
    found: list[str] = []
    connection = psycopg2.connect(url_of(server))

    class Explained:
        """A cursor that has each statement explained before it is run."""

        def __init__(self, real: Any) -> None:
            self.real = real

        def execute(self, statement: str, values: Any = None) -> None:
            self.real.execute(f"EXPLAIN {statement}", values)
            found.append("\n".join(line for (line,) in self.real.fetchall()))
            self.real.execute(statement, values)

        def fetchone(self) -> Any:
            return self.real.fetchone()

        def fetchall(self) -> Any:
            return self.real.fetchall()

    with connection, connection.cursor() as cursor:
        part.collect(Explained(cursor))
    connection.close()
    return found


@pytest.mark.parametrize(
    "results",
    ["'SUCCESS'", "CASE WHEN id % 1000 = 0 THEN 'FAILURE' ELSE 'SUCCESS' END", "'FAILURE'"],
    ids=["none fails", "some fail", "all fail"],
)
def test_no_statement_reads_the_whole_table_of_tasks_or_of_their_runs(
    server: Postgres, monkeypatch: pytest.MonkeyPatch, results: str
) -> None:
    monkeypatch.setattr(importlib.import_module("flag_metrics_failures"), "MOST_RUNS", 1_000)
    filled(server, 100_000, results)
    for plan in plans(server):
        assert "Seq Scan on task_processor_task" not in plan, plan


def test_only_the_newest_runs_are_read(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("flag_metrics_failures"), "MOST_RUNS", 10)
    number = task(server, "webhooks.call", completed=True, failures=2)
    runs(server, number, *["FAILURE"] * 25)
    assert new_exporter(server).turn().all(FAILED) == {("webhooks.call", "standard"): 10}


def down(found: Metrics) -> set[str]:
    return {name for (name,), up in found.all(PART_UP).items() if not up}


def test_without_its_grants_it_is_the_only_part_that_fails_and_says_so(server: Postgres, exporter: Exporter) -> None:
    server.query("REVOKE ALL ON task_processor_taskrun FROM flagsmith_analytics")
    found = exporter.turn()
    assert down(found) == {"failures"}
    assert found.one("flagsmith_flag_metrics_up") == 0
    assert found.all("flagsmith_task_queue_tasks")
    server.query(GRANTS)
    assert down(exporter.turn()) == set()


def test_a_release_without_the_columns_is_read_all_the_same(server: Postgres) -> None:
    server.query(
        "ALTER TABLE task_processor_task DROP COLUMN timeout;"
        "ALTER TABLE task_processor_recurringtask DROP COLUMN is_disabled, DROP COLUMN locked_at"
    )
    server.query(GRANTS)
    recurring(server, "tasks.locked", is_locked="true")
    task(server, "audit.write", locked=True)
    found = new_exporter(server).turn()
    assert down(found) == set()
    assert found.all(RECURRING) == {("tasks.locked",): 0}
