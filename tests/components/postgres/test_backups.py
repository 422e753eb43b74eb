"""Backups with the application's own log-in: dumped and restored as no superuser, and the readers read again."""

import json
from pathlib import Path

import pytest

from tests.components.backup.conftest import Jobs
from tests.components.postgres.conftest import SCHEMA, Roles, succeeded
from tests.servers import LOOPBACK

GRANTS = {"grants-audit.sql": "GRANT SELECT (id, email) ON public.users TO flagsmith_audit;"}


@pytest.fixture
def jobs(roles: Roles, tmp_path: Path) -> Jobs:
    """The backups' Jobs, which log in as Flagsmith does, on a database with roles and content."""
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    succeeded(roles.grant(GRANTS))
    roles.ask("flagsmith_a", "first", "CREATE TABLE django_migrations (app text, name text)")
    url = f"postgresql://flagsmith_a:first@{LOOPBACK}:{roles.server.port}/flagsmith"
    return Jobs(tmp_path, roles.server, {"DATABASE_URL": url})


def test_a_restored_database_has_its_owners_and_its_readers_again(roles: Roles, jobs: Jobs) -> None:
    jobs.backup()
    roles.ask("flagsmith_a", "first", "DROP TABLE users CASCADE; CREATE TABLE later (id serial)")
    roles.server.query(
        "CREATE TABLE by_hand (id serial); CREATE FUNCTION by_hand() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    succeeded(roles.make())
    restored = json.loads(succeeded(jobs.restore()).strip().splitlines()[-1])
    assert restored["rows"]["users"] == 1
    assert set(roles.owners().values()) == {"flagsmith"}
    assert not {"later", "by_hand"} & set(roles.owners())
    succeeded(roles.grant(GRANTS))
    assert roles.ask("flagsmith_audit", "audit", "SELECT email FROM public.users") == [("a@example.com",)]
    drilled = json.loads(succeeded(jobs.drill()).strip().splitlines()[-1])
    assert drilled["rows"] == restored["rows"]


def test_what_a_person_makes_as_the_administrator_does_not_stop_the_backups(roles: Roles, jobs: Jobs) -> None:
    roles.server.query("CREATE TABLE by_hand AS SELECT 1 AS id")
    name = jobs.backup()["stored"]["name"]
    kept = json.loads((jobs.home / "store" / f"{name}.json").read_text(encoding="utf-8"))
    assert kept["rows"]["by_hand"] == 1


def test_a_backup_at_work_is_known_by_its_name(roles: Roles, jobs: Jobs) -> None:
    roles.server.query("ALTER SYSTEM SET log_connections = on")
    roles.server.query("SELECT pg_reload_conf()")
    try:
        jobs.backup()
    finally:
        roles.server.query("ALTER SYSTEM RESET log_connections")
        roles.server.query("SELECT pg_reload_conf()")
    log = (roles.server.home / "log").read_text(encoding="utf-8")
    names = {
        line.partition("application_name=")[2]
        for line in log.splitlines()
        if "connection authorized: user=flagsmith_a" in line and "application_name=" in line
    }
    assert names == {"flagsmith-backup"}
