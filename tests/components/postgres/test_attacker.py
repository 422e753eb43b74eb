"""Whoever took over the API's pod sets every trap in Flagsmith's database: no Job and no command steps into one."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from components.backup.containers import DRILL, PIPES, RESTORE, SCRIPTS
from components.postgres.roles import grants
from flagops.commands.db.psql import EMBEDDED, superuser
from tests.components.backup.conftest import Jobs
from tests.components.backup.running import pod
from tests.components.postgres import attacker as traps
from tests.components.postgres.attacker import Attacker
from tests.components.postgres.conftest import Roles, succeeded
from tests.components.postgres.prepared import Prepared, attacking, migrated
from tests.postgres_programs import embedded, postgres_user
from tests.servers import LOOPBACK, Postgres

pytestmark = pytest.mark.parametrize("server", embedded(), indirect=True, scope="module")
RETIRE = {"LOGIN": "flagsmith_a", "GRACE_SECONDS": "0", "WORKER_SECONDS": "0"}


@pytest.fixture(scope="module")
def prepared(server: Postgres) -> Prepared:
    """What each test begins with."""
    return Prepared(server, migrated)


@pytest.fixture
def attacker(prepared: Prepared, tmp_path: Path) -> Iterator[Attacker]:
    """The attacker on a database that Flagsmith has migrated, and that the roles were made for."""
    with attacking(prepared, tmp_path, traps.ACT) as made:
        yield made


@pytest.fixture
def jobs(attacker: Attacker, tmp_path: Path) -> Jobs:
    """The backups' Jobs, which log in as Flagsmith does."""
    url = f"postgresql://flagsmith_a:first@{LOOPBACK}:{attacker.roles.server.port}/flagsmith"
    secrets = {"DATABASE_URL": url, "BACKUP_PASSPHRASE": "correct horse"}
    return Jobs(tmp_path, attacker.roles.server, secrets, rounds=1000)


def test_a_trap_catches_whoever_does_not_look(attacker: Attacker) -> None:
    attacker.do(traps.SHADOWS + traps.SETTINGS)
    attacker.waits()
    attacker.roles.server.query("SELECT quote_ident(current_user) FROM pg_class WHERE relname = 'nothing'")
    assert attacker.caught() == {"postgres as postgres"}
    assert attacker.rights() != attacker.before
    assert "PATH=" in attacker.stolen.read_text(encoding="utf-8")
    attacker.roles.server.query("ALTER ROLE flagsmith_a NOSUPERUSER", "postgres")


@pytest.mark.parametrize(
    "imitation",
    [
        """CREATE FUNCTION public.quote_ident(name) RETURNS text LANGUAGE plpgsql AS
        $f$ BEGIN PERFORM public.act(); RETURN pg_catalog.quote_ident($1); END $f$""",
        """CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE plpgsql AS
        $f$ BEGIN PERFORM public.act(); RETURN pg_catalog.format($1, $2); END $f$;
        ALTER DATABASE flagsmith SET search_path = public, pg_catalog""",
    ],
    ids=["a better match", "an earlier schema"],
)
def test_one_function_that_is_called_as_postgresqls_is_not_taken_for_it(attacker: Attacker, imitation: str) -> None:
    attacker.do(imitation)
    attacker.waits()
    succeeded(attacker.roles.make())
    succeeded(attacker.roles.grant(grants()))
    attacker.got_nothing()


def test_the_jobs_of_the_roles_run_nothing_of_the_application_s(attacker: Attacker) -> None:
    roles = attacker.roles
    attacker.do(traps.SHADOWS + traps.RESTORED + traps.SCHEMA_BEFORE + traps.SETTINGS)
    attacker.waits()
    succeeded(roles.make())
    succeeded(roles.grant(grants()))
    succeeded(roles.run("administrator.sh", "retire-login.sh", **RETIRE))
    url = f"postgresql://flagsmith_a:first@{LOOPBACK}:{roles.server.port}/flagsmith"
    succeeded(roles.make(LOGIN="", APPLICATION_URL=url))
    succeeded(roles.make(PASSWORD="renewed", PREVIOUS=roles.secrets["PASSWORD"]))
    succeeded(roles.make(PREVIOUS="renewed"))
    attacker.got_nothing()
    roles.server.query("ALTER DATABASE flagsmith RESET ALL", "postgres")
    owners = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'feature_flags_audit'"
    assert roles.server.query(owners) == [("postgres",)]
    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'feature_flags_audit.cursor'::regclass"
    assert roles.server.query(triggers) == []
    definers = "SELECT proowner::regrole::text FROM pg_proc WHERE prosecdef"
    assert roles.server.query(definers) == [("flagsmith_audit_keys",)]


def statements(text: str) -> list[str]:
    """The statements of a file, each with the comments before it."""
    found = [""]
    for line in text.splitlines(keepends=True):
        found[-1] += line
        if line.rstrip().endswith(";") and found[-1].count("$body$") % 2 == 0:
            found.append("")
    return [statement for statement in found if statement.strip()]


def test_a_schema_that_the_application_makes_between_two_statements_is_not_taken_for_ours(attacker: Attacker) -> None:
    roles = attacker.roles
    made = traps.SCHEMA_BEFORE.replace("SCHEMA feature", "SCHEMA IF NOT EXISTS feature")
    attacker.waits()
    done = statements(grants()["grants-audit.sql"])
    assert len(done) > 10
    for statement in done:
        with suppress(psycopg2.errors.InsufficientPrivilege, psycopg2.errors.DuplicateTable):
            attacker.do(made)
        roles.server.query(statement)
    owned = "SELECT relname FROM pg_class WHERE relnamespace = 'feature_flags_audit'::regnamespace AND relowner <> 10"
    assert roles.server.query(owned) == []
    assert roles.server.query("SELECT tgname FROM pg_trigger WHERE tgfoid = 'public.trigger_trap'::regproc") == []
    owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'feature_flags_audit'"
    assert roles.server.query(owner) == [("postgres",)]
    roles.ask("flagsmith_audit", "audit", "INSERT INTO feature_flags_audit.cursor VALUES (true, 1, 1, now(), 1)")
    attacker.got_nothing()


def runs_the_jobs(attacker: Attacker) -> None:
    """The Jobs do their work, whatever the owner of the database has set for its sessions."""
    attacker.waits()
    succeeded(attacker.roles.make())
    succeeded(attacker.roles.grant(grants()))
    attacker.roles.server.query("ALTER DATABASE flagsmith RESET ALL", "postgres")
    attacker.got_nothing()
    assert len(traps.read_by_the_readers(attacker.roles)) > 25


@pytest.mark.parametrize(
    "setting",
    [
        "role = flagsmith",
        "local_preload_libraries = nothing",
        "default_transaction_read_only = on",
        "statement_timeout = 1",
        "idle_session_timeout = 1",
        "idle_in_transaction_session_timeout = 1",
        "exit_on_error = on",
        "standard_conforming_strings = off",
        "row_security = on",
        "client_encoding = 'SJIS'",
    ],
)
def test_what_the_owner_sets_for_the_sessions_of_his_database_does_not_keep_the_jobs_out(
    attacker: Attacker, setting: str
) -> None:
    attacker.do(f"ALTER DATABASE flagsmith SET {setting}")
    runs_the_jobs(attacker)


@pytest.mark.parametrize("number", ["min_val", "max_val", "'1'"])
def test_not_one_setting_of_the_release_keeps_the_jobs_out(attacker: Attacker, number: str) -> None:
    every = """
        DO $do$
        DECLARE found record;
        BEGIN
            FOR found IN SELECT name, CASE vartype WHEN 'bool' THEN CASE reset_val WHEN 'on' THEN 'off' ELSE 'on' END
                    WHEN 'enum' THEN (SELECT max(value) FROM unnest(enumvals) value WHERE value <> reset_val)
                    WHEN 'string' THEN 'nothing' ELSE NUMBER END AS value
                FROM pg_settings
            LOOP
                BEGIN
                    EXECUTE format('ALTER DATABASE flagsmith SET %I = %L', found.name, found.value);
                EXCEPTION WHEN OTHERS THEN NULL;
                END;
            END LOOP;
        END $do$
    """
    attacker.do(every.replace("NUMBER", number))
    count = "SELECT cardinality(setconfig) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase"
    (((set_by_him,),)) = attacker.roles.server.query(f"{count} WHERE datname = 'flagsmith'", "postgres")
    assert set_by_him > 100
    with pytest.raises(psycopg2.Error):
        attacker.roles.server.query("SELECT 1; SELECT pg_sleep(0.2); CREATE TABLE other (id integer)")
    runs_the_jobs(attacker)


def test_a_database_that_its_owner_has_closed_is_opened_again(attacker: Attacker) -> None:
    url = f"postgresql://flagsmith_a:first@{LOOPBACK}:{attacker.roles.server.port}/postgres"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE flagsmith; ALTER DATABASE flagsmith ALLOW_CONNECTIONS false")
    connection.close()
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting connections"):
        attacker.roles.server.query("SELECT 1")
    runs_the_jobs(attacker)


def test_backups_restores_and_drills_run_as_nobody_else_and_where_no_secret_is(attacker: Attacker, jobs: Jobs) -> None:
    attacker.do(traps.RESTORED + traps.SHADOWS + traps.SETTINGS)
    attacker.waits()
    stored = jobs.backup()["stored"]
    assert stored["file"].endswith(".enc")
    succeeded(jobs.restore())
    attacker.got_nothing()
    drilled = json.loads(succeeded(jobs.drill()).strip().splitlines()[-1])
    assert drilled["rows"]["trapped"] == 1
    scratch = (jobs.home / "work" / "scratch.log").read_text(encoding="utf-8")
    assert traps.CAUGHT not in scratch
    attacker.got_nothing()


def test_where_a_drill_restores_there_is_neither_the_passphrase_nor_a_log_in(attacker: Attacker, jobs: Jobs) -> None:
    """Whoever can write to the backups' store is nobody's application, and may have made his role what he likes."""
    jobs.backup()
    spy = SCRIPTS / DRILL[-1]
    source = spy.read_text(encoding="utf-8")
    spied = jobs.home / "spied.sh"
    spied.write_text(source.replace("dumped --exit-on-error", "env >env.txt; dumped --exit-on-error"), "utf-8")
    succeeded(jobs.drill(scripts=(*DRILL[:-1], str(spied))))
    seen = (jobs.home / "work" / "env.txt").read_text(encoding="utf-8")
    assert "WORK=" in seen
    for secret in (*jobs.environment, *jobs.environment.values(), "PGPASSWORD"):
        assert secret not in seen
    assert attacker.stolen.exists() is False


def test_a_command_in_a_dump_is_not_run_by_psql(attacker: Attacker, jobs: Jobs) -> None:
    jobs.backup()
    programs = jobs.home / "programs"
    programs.mkdir()
    real, fake = jobs.programs / "pg_restore", programs / "pg_restore"
    # As a dump would be that somebody has made by hand.
    injected = f"sed -e '8i\\\\\\! env >>{attacker.stolen}'"
    fake.write_text(
        f'#!/bin/bash\ncase "$*" in *--file=-*) {real} "$@" | {injected} ;; *) exec {real} "$@" ;; esac\n', "utf-8"
    )
    fake.chmod(0o755)
    path = f"{programs}:{jobs.programs}:{os.environ['PATH']}"
    before = attacker.roles.server.query("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    jobs.work()
    done = pod(*jobs.fetched("latest"), jobs.shell(*RESTORE, PATH=path))
    assert done.returncode != 0
    assert "restricted" in done.stderr
    assert not attacker.stolen.exists()
    after = attacker.roles.server.query("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    assert after == before
    # An older one cannot tell psql so.
    fake.write_text(f'#!/bin/bash\n{real} "$@" | sed -e "s/--restrict-key/--another/"\n', "utf-8")
    jobs.work()
    done = pod(*jobs.fetched("latest"), jobs.shell(*RESTORE, PATH=path))
    assert done.returncode == 1
    assert "set postgres.version to 17.6, 18.0 or newer" in done.stderr


def test_a_manifest_that_names_another_file_is_not_stored(jobs: Jobs) -> None:
    name = "flagsmith-20260101T000000Z"
    said = json.dumps({"name": name, "file": "/etc/passwd", "label": ""})
    dumping = (SCRIPTS / PIPES).read_text("utf-8") + "open_pipe dump writer; "
    for file, refused in ((f"{name}.dump", "is not of"), ("/etc/passwd", "is no name of a backup")):
        jobs.work()
        source = f"{dumping} echo {file} 1 >&7; echo content >&7; echo '{said}' >$WORK/{name}.json"
        done = pod(jobs.start(["bash", "-c", source], {}, None), jobs.storing("put"))
        assert done.returncode == 1
        assert refused in done.stderr
        assert list((jobs.home / "store").glob("*.json")) == []


def test_an_operator_s_prompt_has_no_more_rights_than_the_application(attacker: Attacker) -> None:
    roles = attacker.roles
    roles.server.query("ALTER ROLE flagsmith_operator PASSWORD 'operator'", "postgres")
    attacker.do(traps.SHADOWS + traps.SETTINGS)
    attacker.waits()
    assert EMBEDDED == ("psql", "--username=flagsmith_operator", "--dbname=flagsmith")
    found = roles.ask(
        "flagsmith_operator", "operator", "SELECT session_user, current_user, count(*) FROM users_ffadminuser"
    )
    assert found[0][:2] == ("flagsmith_operator", "flagsmith")
    for refused in ("TABLE pg_catalog.pg_authid", "SET ROLE postgres", "SET ROLE flagsmith_audit", "CREATE ROLE other"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            roles.ask("flagsmith_operator", "operator", refused)
    shell, option, script, *rest = superuser(
        ["--tuples-only", "--dbname=flagsmith", "--command=SELECT quote_ident('a b')"]
    )
    assert (shell, option) == ("bash", "-c")
    done = succeeded_command(roles, [shell, option, script, *rest])
    assert done.strip() == '"a b"'
    elsewhere = superuser(["--tuples-only", "--no-align", "--command=SELECT session_user, current_database()"])
    assert succeeded_command(roles, [*elsewhere]).strip() == "postgres|postgres"
    attacker.got_nothing()


def succeeded_command(roles: Roles, command: list[str]) -> str:
    """What a command in the server's container prints."""
    jobs = Jobs(roles.home, roles.server)
    jobs.work()
    place = {"PGHOST": LOOPBACK, "PGPORT": str(roles.server.port), "PGPASSWORD": roles.server.password}
    path = f"{jobs.programs}:{os.environ['PATH']}"
    return succeeded(jobs.run(command, {"PATH": path, **place}, postgres_user()))


def test_a_new_password_is_in_no_statement_that_the_application_can_see(attacker: Attacker) -> None:
    roles = attacker.roles
    watcher = roles.connect("flagsmith_a", "first")
    seen: set[str] = set()
    # It has the statistics of all sessions, and what each asks.
    roles.server.query("ALTER SYSTEM SET log_statement = 'all'", "postgres")
    roles.server.query("SELECT pg_reload_conf()", "postgres")
    at = len(attacker.log)
    try:
        succeeded(roles.make(LOGIN_PASSWORD="second"))
        with watcher.cursor() as cursor:
            cursor.execute("SELECT query FROM pg_stat_activity WHERE usename = 'postgres'")
            seen |= {str(query) for (query,) in cursor.fetchall()}
    finally:
        roles.server.query("ALTER SYSTEM RESET log_statement", "postgres")
        roles.server.query("SELECT pg_reload_conf()", "postgres")
        watcher.close()
    assert "CREATE ROLE" in attacker.log[at:] or "ALTER ROLE" in attacker.log[at:]
    assert "SCRAM-SHA-256" not in attacker.log[at:] + "".join(seen)
