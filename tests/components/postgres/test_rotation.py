"""Renewing Flagsmith's log-in under load, on a real PostgreSQL: none is lost, and the role before gets in no more."""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from tests.components.postgres.conftest import Roles, instead, succeeded
from tests.postgres_programs import postgres_programs


@dataclass
class Pod:
    """A pod that answers requests, each on a connection of its own, as Flagsmith does."""

    roles: Roles
    role: str
    password: str
    answered: int = 0
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                self.roles.ask(self.role, self.password, "INSERT INTO requests VALUES (1)")
                self.answered += 1
            except psycopg2.Error as error:
                self.lost.append(str(error))
            if self.answered >= 20 or self.lost:
                self._enough.set()

    def answers(self) -> None:
        """Wait until it has answered some more requests."""
        self.answered, self._enough = 0, threading.Event()
        assert self._enough.wait(30)
        assert self.lost == []

    def leave(self) -> None:
        self._stop.set()
        self._thread.join(30)


def retire(roles: Roles, login: str, grace: str = "0") -> str:
    return succeeded(
        roles.run("administrator.sh", "retire-login.sh", LOGIN=login, GRACE_SECONDS=grace, WORKER_SECONDS="0")
    )


def test_no_request_is_lost_from_the_first_job_to_the_last(roles: Roles) -> None:
    succeeded(roles.make())
    roles.ask("flagsmith_a", "first", "CREATE TABLE requests (id int)")
    assert "flagsmith_b cannot" in retire(roles, "flagsmith_a")
    before = Pod(roles, "flagsmith_a", "first")
    pods = [before]
    try:
        before.answers()
        succeeded(roles.make(LOGIN="flagsmith_b", LOGIN_PASSWORD="second"))
        before.answers()
        after = Pod(roles, "flagsmith_b", "second")
        pods.append(after)
        after.answers()
        before.answers()
        ending = threading.Timer(1, before.leave)
        ending.start()
        assert "flagsmith_a no longer can" in retire(roles, "flagsmith_b", grace="3")
        ending.join()
        after.answers()
    finally:
        for pod in pods:
            pod.leave()
    assert [pod.lost for pod in pods] == [[], []]
    with pytest.raises(psycopg2.OperationalError, match=r"not permitted to log in|password authentication failed"):
        roles.ask("flagsmith_a", "first", "SELECT 1")
    owners = roles.server.query("SELECT tableowner FROM pg_tables WHERE tablename = 'requests'")
    assert owners == [("flagsmith",)]


def test_the_sessions_of_the_role_before_end_except_for_a_backup_s(roles: Roles) -> None:
    succeeded(roles.make())
    succeeded(roles.make(LOGIN="flagsmith_b", LOGIN_PASSWORD="second"))
    forgotten = roles.connect("flagsmith_a", "first")
    backup = roles.connect("flagsmith_a", "first")
    try:
        with backup.cursor() as cursor:
            cursor.execute("SET application_name = 'flagsmith-backup'")
        retire(roles, "flagsmith_b")
        with pytest.raises(psycopg2.OperationalError), forgotten.cursor() as cursor:
            cursor.execute("SELECT 1")
        with backup.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        for connection in (forgotten, backup):
            with suppress(psycopg2.Error):
                connection.close()


def test_a_role_of_which_nothing_is_known_is_not_said_to_be_without_its_log_in(roles: Roles, tmp_path: Path) -> None:
    succeeded(roles.make())
    succeeded(roles.make(LOGIN="flagsmith_b", LOGIN_PASSWORD="second"))
    programs = postgres_programs(roles.server.major)
    path = instead(tmp_path, "psql", f'case "$*" in *rolcanlogin*) exit 2 ;; esac\nexec {programs}/psql "$@"')
    variables = {"LOGIN": "flagsmith_b", "GRACE_SECONDS": "0", "WORKER_SECONDS": "0"}
    done = roles.run("administrator.sh", "retire-login.sh", PATH=f"{path}:{programs}:{os.environ['PATH']}", **variables)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_rotation_that_is_taken_back_or_made_again_ends_where_it_should(roles: Roles) -> None:
    second = {"LOGIN": "flagsmith_b", "LOGIN_PASSWORD": "second"}
    succeeded(roles.make())
    for _ in range(2):
        succeeded(roles.make(**second))
    assert roles.ask("flagsmith_a", "first", "SELECT 1") == [(1,)]
    succeeded(roles.make())
    retire(roles, "flagsmith_a")
    assert roles.ask("flagsmith_a", "first", "SELECT 1") == [(1,)]
    with pytest.raises(psycopg2.OperationalError):
        roles.ask("flagsmith_b", "second", "SELECT 1")
    succeeded(roles.make(**second))
    retire(roles, "flagsmith_b")
    assert roles.ask("flagsmith_b", "second", "SELECT 1") == [(1,)]
