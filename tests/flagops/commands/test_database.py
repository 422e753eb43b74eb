"""`ff db check` and `ff db connections`, against a real PostgreSQL."""

import json
from collections.abc import Callable

import psycopg2
import pytest
from typer.testing import Result

from tests.containers import PASSWORD, Containers

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("instance")]
Run = Callable[..., Result]


def test_the_check_passes(database: Containers, run: Run) -> None:
    assert database.postgres.is_running
    shown = run("db", "check")
    assert shown.exit_code == 0, shown.stderr
    assert "no issues" in shown.stdout


def test_connections_are_counted_by_state(database: Containers, run: Run) -> None:
    idle = [psycopg2.connect(database.postgres.url(), application_name="a client") for _ in range(3)]
    try:
        found = json.loads(run("db", "connections", "--json").stdout)
    finally:
        for connection in idle:
            connection.close()
    assert (found["limit"], found["reserved"]) == (40, 3)
    assert found["is_fine"] is True
    group = next(row for row in found["connections"] if row["application"] == "a client")
    assert (group["state"], group["count"], group["user"], group["client"]) == ("idle", 3, "postgres", "127.0.0.1")


def test_too_many_connections_are_trouble(database: Containers, run: Run) -> None:
    idle = [psycopg2.connect(database.postgres.url()) for _ in range(30)]
    try:
        shown = run("db", "connections")
    finally:
        for connection in idle:
            connection.close()
    assert shown.exit_code == 1
    assert "of 40 connections in use" in shown.stdout
    assert "of the connections are in use: lower gunicorn.workers" in shown.stderr


@pytest.mark.parametrize("command", ["check", "connections"])
def test_a_database_that_is_down_is_said_so_without_its_password(database: Containers, run: Run, command: str) -> None:
    database.postgres.stop()
    shown = run("db", command)
    assert shown.exit_code == 1
    assert "Connection refused" in shown.stderr
    assert PASSWORD not in shown.stdout + shown.stderr
