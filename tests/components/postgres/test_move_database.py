"""The steps of a move, each on two real servers: the embedded one, and one as the operator leaves a Cluster's."""

import os
from pathlib import Path

import psycopg2
import pytest

from tests.components.postgres.conftest import instead, succeeded
from tests.components.postgres.moving import Move, emptied, owners
from tests.postgres_programs import postgres_programs
from tests.servers import Postgres, answered


def test_what_is_there_is_told_before_anything_is_changed(move: Move) -> None:
    found = move.found("look")
    assert found["bytes"] > 0
    assert (found["stopped"], found["code"], found["roles"], found["databases"]) == (False, [], [], [])
    assert found["unreadable"] == []
    assert found["extensions"] == ["pg_trgm"]
    server = move.embedded.server
    server.query("CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    server.query("CREATE ROLE somebody")
    server.query("CREATE SCHEMA theirs; CREATE TABLE theirs.own (id int); SELECT lo_from_bytea(12, 'theirs')")
    server.query("ALTER ROLE somebody SET work_mem = '1MB'")
    server.query("CREATE DATABASE tasks", "postgres")
    try:
        found = move.found("look")
    finally:
        server.query("DROP DATABASE tasks", "postgres")
    # A function alone does nothing: Flagsmith's task processor has three.
    assert found["code"] == []
    assert found["unreadable"] == ["large object 12", "theirs.own"]
    assert (found["roles"], found["databases"]) == (["somebody"], ["tasks"])
    assert found["settings"] == ["somebody: work_mem=1MB"]


def test_what_a_newer_minor_version_has_marked_is_told(move: Move) -> None:
    """By hand, as 17.12 does it by itself, of whatever version the server here is."""
    server = move.embedded.server
    server.query("SET allow_system_table_mods = on; UPDATE pg_attribute SET attoptions = NULL WHERE attrelid >= 16384")
    assert move.found("look")["marked"] == 0
    mark = (
        "UPDATE pg_attribute SET attoptions = '{pg_attver=7}' WHERE attrelid = 'users'::regclass AND attname = 'email'"
    )
    server.query(f"SET allow_system_table_mods = on; {mark}")
    assert move.found("look")["marked"] == 1


def test_once_it_is_stopped_nobody_writes_and_reading_goes_on(move: Move) -> None:
    """A session of before would still be able to: it is sent away, and comes back as one that reads."""
    before = move.embedded.connect("flagsmith_a", "first")
    assert move.found("stop") == {"stopped": True}
    with pytest.raises(psycopg2.OperationalError), before.cursor() as cursor:
        cursor.execute("INSERT INTO users (email) VALUES ('late@example.com')")
    before.close()
    assert move.embedded.ask("flagsmith_a", "first", "SELECT count(*) FROM users") == [(501,)]
    for statement in (
        "INSERT INTO users (email) VALUES ('late@example.com')",
        "CREATE TABLE late (id int)",
        "SELECT nextval('alone')",
    ):
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            move.embedded.ask("flagsmith_a", "first", statement)
    assert move.found("look")["stopped"] is True
    assert move.found("stop") == {"stopped": True}
    assert move.found("allow") == {"stopped": False}
    move.embedded.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('again@example.com')")
    assert move.found("look")["stopped"] is False


def test_a_transaction_that_does_not_end_is_ended(move: Move) -> None:
    writer = move.embedded.connect("flagsmith_a", "first")
    with writer.cursor() as cursor:
        cursor.execute("BEGIN; INSERT INTO users (email) VALUES ('half@example.com')")
    move.found("stop")
    with pytest.raises(psycopg2.OperationalError), writer.cursor() as cursor:
        cursor.execute("COMMIT")
    writer.close()
    assert move.embedded.ask("flagsmith_a", "first", "SELECT count(*) FROM users") == [(501,)]


def test_an_import_holds_the_same_and_what_differs_is_named(move: Move) -> None:
    move.found("stop")
    move.imported()
    found = move.found("compare")
    assert found["differences"] == []
    assert found["tables"] == 3
    assert found["rows"] == 501 + 2 + 2
    target = move.cluster.server
    for statement, named in (
        ("UPDATE users SET email = 'other@example.com' WHERE id = 7", "table public.users"),
        ("DELETE FROM parts_now WHERE id = 1", "table public.parts_now"),
        ("SELECT setval('alone', 99)", "sequence public.alone"),
        ("DROP INDEX found", "index public.found"),
        ("SELECT lo_put(4711, 0, 'A')", "large object 4711"),
        ("DROP VIEW happy", "view public.happy"),
        ("ALTER TABLE users ALTER email SET DEFAULT 'x'", "column public.users.email"),
        ("ALTER TYPE mood ADD VALUE 'calm'", "type public.mood"),
    ):
        target.query(statement)
        assert named in move.found("compare")["differences"], statement


def test_after_the_import_the_roles_are_as_everywhere_and_the_compare_is_the_same(move: Move) -> None:
    move.found("stop")
    move.imported()
    succeeded(move.cluster.make())
    assert move.found("compare")["differences"] == []
    assert owners(move.cluster) == {"flagsmith"}
    move.cluster.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('new@example.com')")
    assert move.found("compare")["differences"] == ["sequence public.users_id_seq", "table public.users"]


@pytest.fixture
def back(move: Move) -> Move:
    """A Cluster that is live, and the embedded server of before beside it."""
    move.found("stop")
    move.imported()
    succeeded(move.cluster.make())
    move.cluster.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('new@example.com')")
    return Move(move.home, move.embedded, move.cluster, to_cluster=False)


def test_the_way_back_brings_everything_and_keeps_what_was_there(back: Move) -> None:
    back.found("stop")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        back.cluster.ask("flagsmith_a", "first", "DELETE FROM users")
    for _ in range(2):
        assert back.found("copy") == {"copied": True}
        assert back.found("compare")["differences"] == []
    assert back.found("swap") == {"swapped": True}
    # There is a copy before each: without one, what has the name is not what was compared.
    again = back.step("swap")
    assert again.returncode != 0
    assert "There is no copy" in again.stderr
    embedded = back.embedded
    assert back.found("compare")["differences"] == []
    assert embedded.server.query("SELECT count(*) FROM users") == [(502,)]
    assert answered(embedded.server.url("flagsmith_before_move"), "SELECT count(*) FROM users") == [(501,)]
    succeeded(embedded.make())
    assert owners(embedded) == {"flagsmith"}
    embedded.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('newer@example.com')")
    assert embedded.server.query("SELECT 1 FROM pg_roles WHERE rolname = 'flagsmith_moving'") == []
    assert embedded.server.query("SELECT obj_description('users'::regclass)") == [("those who log in",)]


def test_into_a_server_that_never_had_it_as_well(back: Move, server: Postgres) -> None:
    emptied(server)
    back.found("stop")
    back.found("copy")
    assert back.found("compare")["differences"] == []
    back.found("swap")
    succeeded(back.embedded.make())
    assert back.embedded.ask("flagsmith_a", "first", "SELECT count(*) FROM users") == [(502,)]


def test_a_copy_that_ended_half_way_is_begun_again(back: Move) -> None:
    server = back.embedded.server
    server.query("CREATE ROLE flagsmith_moving LOGIN", "postgres")
    server.query("CREATE DATABASE flagsmith_moving", "postgres")
    answered(server.url("flagsmith_moving"), "CREATE TABLE half (id int)")
    back.found("stop")
    back.found("copy")
    assert back.found("compare")["differences"] == []


def test_a_swap_that_ended_between_its_two_names_goes_on(back: Move) -> None:
    back.found("stop")
    back.found("copy")
    back.embedded.server.query("ALTER DATABASE flagsmith RENAME TO flagsmith_before_move", "postgres")
    back.found("swap")
    assert back.embedded.server.query("SELECT count(*) FROM users") == [(502,)]


def test_what_could_not_be_compared_is_not_the_same(move: Move, tmp_path: Path) -> None:
    """Each side is put in order first; two that came to nothing would be alike."""
    move.found("stop")
    move.imported()
    path = instead(tmp_path, "sort", 'case "$*" in *-u*) exec /usr/bin/sort "$@" ;; esac\nexit 3')
    done = move.step("compare", PATH=f"{path}:{postgres_programs(move.embedded.server.major)}:{os.environ['PATH']}")
    assert done.returncode != 0
    assert "differences" not in done.stdout


def test_a_swap_that_cannot_ask_for_the_copy_does_not_say_that_it_is_done(back: Move, tmp_path: Path) -> None:
    """Flagsmith would be moved to what the embedded server held before."""
    back.found("stop")
    back.found("copy")
    real = postgres_programs(back.embedded.server.major)
    fails = 'case $asked in *"count(*) FROM pg_database"*) exit 2 ;; esac'
    path = instead(tmp_path, "psql", f'asked=$(cat)\n{fails}\nexec {real}/psql "$@" <<<"$asked"')
    done = back.step("swap", PATH=f"{path}:{real}:{os.environ['PATH']}")
    assert done.returncode != 0
    assert "swapped" not in done.stdout
    back.found("swap")
    assert back.embedded.server.query("SELECT count(*) FROM users") == [(502,)]


def test_what_the_application_has_put_there_runs_as_nobody_but_the_application(back: Move) -> None:
    """A function in the constraint of a table runs when rows are restored: it must not be the superuser who does so."""
    back.cluster.ask(
        "flagsmith_a",
        "first",
        "CREATE FUNCTION seen(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
        "EXECUTE 'ALTER ROLE flagsmith_a SUPERUSER'; RETURN true; "
        "EXCEPTION WHEN insufficient_privilege THEN RETURN true; END $$;"
        "CREATE TABLE trap (id int CHECK (public.seen(id))); INSERT INTO trap VALUES (1);"
        "CREATE FUNCTION as_text(trap) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
        "EXECUTE 'ALTER ROLE flagsmith_a SUPERUSER'; RETURN ''; "
        "EXCEPTION WHEN insufficient_privilege THEN RETURN ''; END $$;"
        "CREATE CAST (trap AS text) WITH FUNCTION as_text(trap) AS IMPLICIT",
    )
    assert back.found("look")["code"] == ["constraint trap_id_check"]
    back.found("stop")
    back.found("copy")
    back.found("compare")
    for server in (back.embedded.server, back.cluster.server):
        assert server.query("SELECT rolname FROM pg_roles WHERE rolsuper") == [("postgres",)]


def test_a_wrong_password_is_said_and_nothing_is_changed(move: Move) -> None:
    done = move.step("stop", LIVE_PASSWORD="another")
    assert done.returncode != 0
    assert "administrator's password" in done.stderr
    assert "another" not in done.stdout + done.stderr
    move.embedded.ask("flagsmith_a", "first", "INSERT INTO users (email) VALUES ('a')")


def test_a_server_that_is_away_fails_the_compare(move: Move) -> None:
    done = move.step("compare", BESIDE_HOST="127.0.0.9", WAIT_SECONDS="1")
    assert done.returncode != 0
    assert "did not answer" in done.stderr
