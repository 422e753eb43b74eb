"""The roles of the embedded PostgreSQL, made on a real one: who owns, who may read what, and who no longer gets in."""

import psycopg2
import pytest
from psycopg2 import errors

from tests.components.postgres.conftest import PASSWORD, SCHEMA, Roles, succeeded

GRANTS = {
    "grants-audit.sql": "GRANT SELECT (id, email) ON public.users TO flagsmith_audit;"
    "CREATE SCHEMA IF NOT EXISTS feature_flags_audit AUTHORIZATION flagsmith_audit;",
    "grants-analytics.sql": "GRANT SELECT ON public.parts TO flagsmith_analytics;",
}


@pytest.mark.parametrize("schema", ["", SCHEMA], ids=["empty", "owned by postgres"])
def test_twice_makes_flagsmith_the_owner_of_everything(roles: Roles, schema: str) -> None:
    if schema:
        roles.server.query(schema)
        assert set(roles.owners().values()) >= {"postgres"}
    for _ in range(2):
        printed = succeeded(roles.make())
        assert not [
            value for value in roles.secrets.values() if value != "flagsmith_a" and f"{value}" in printed.split()
        ]
        assert set(roles.owners().values()) == {"flagsmith"}
    assert len(roles.owners()) > (20 if schema else 1)


def test_what_the_application_makes_belongs_to_flagsmith(roles: Roles) -> None:
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    assert roles.ask("flagsmith_a", "first", "SELECT session_user, current_user") == [("flagsmith_a", "flagsmith")]
    roles.ask("flagsmith_a", "first", "CREATE TABLE made (id serial); ALTER TABLE users ADD COLUMN later text")
    assert roles.ask("flagsmith_a", "first", "DELETE FROM users RETURNING email") == [("a@example.com",)]
    assert set(roles.owners().values()) == {"flagsmith"}
    with pytest.raises(errors.InsufficientPrivilege):
        roles.ask("flagsmith_a", "first", "SELECT * FROM pg_authid")
    with pytest.raises(errors.InsufficientPrivilege):
        roles.ask("flagsmith_a", "first", "CREATE ROLE other")


def test_the_owner_itself_and_the_role_that_is_not_in_turn_cannot_log_in(roles: Roles) -> None:
    succeeded(roles.make())
    for role in ("flagsmith", "flagsmith_b", "flagsmith_metrics"):
        with pytest.raises(psycopg2.OperationalError):
            roles.ask(role, "first", "SELECT 1")


def test_the_application_sees_who_is_connected_and_from_where(roles: Roles) -> None:
    succeeded(roles.make())
    with roles.connect("flagsmith_audit", "audit"):
        rows = roles.ask(
            "flagsmith_a", "first", "SELECT state, client_addr FROM pg_stat_activity WHERE usename = 'flagsmith_audit'"
        )
    assert rows == [("idle", "127.0.0.1")]


def test_readers_read_what_they_are_granted_and_nothing_else(roles: Roles) -> None:
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    succeeded(roles.grant(GRANTS))
    assert roles.ask("flagsmith_audit", "audit", "SELECT email FROM public.users") == [("a@example.com",)]
    assert roles.ask("flagsmith_analytics", "analytics", "SELECT count(*) FROM public.parts") == [(0,)]
    roles.ask("flagsmith_audit", "audit", "CREATE TABLE feature_flags_audit.cursor (id int)")
    refused = (
        ("flagsmith_audit", "audit", "SELECT password FROM public.users"),
        ("flagsmith_audit", "audit", "UPDATE public.users SET email = ''"),
        ("flagsmith_audit", "audit", "CREATE TABLE public.mine (id int)"),
        ("flagsmith_audit", "audit", "SET ROLE flagsmith"),
        ("flagsmith_analytics", "analytics", "SELECT email FROM public.users"),
        ("flagsmith_analytics", "analytics", "SELECT * FROM pg_authid"),
        ("flagsmith_analytics", "analytics", "BEGIN READ WRITE; DELETE FROM public.parts"),
    )
    for role, password, statement in refused:
        with pytest.raises(errors.InsufficientPrivilege):
            roles.ask(role, password, statement)
    with pytest.raises(errors.ReadOnlySqlTransaction):
        roles.ask("flagsmith_analytics", "analytics", "CREATE TABLE public.mine (id int)")


def test_who_reads_metrics_sees_statistics_of_all_and_rows_of_nothing(roles: Roles) -> None:
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    succeeded(roles.grant(GRANTS))

    def ask(statement: str) -> list[tuple[object, ...]]:
        """It has no password, and logs in by the socket of its pod."""
        return roles.server.query(f"SET SESSION AUTHORIZATION flagsmith_metrics; {statement}")

    with roles.connect("flagsmith_a", "first"):
        assert ask("SELECT state FROM pg_stat_activity WHERE usename = 'flagsmith_a'") == [("idle",)]
    assert ask("SELECT n_live_tup >= 0 FROM pg_stat_user_tables WHERE relname = 'users'") == [(True,)]
    for statement in (
        "SELECT 1 FROM public.users",
        "DELETE FROM public.users",
        "TABLE pg_authid",
        "SET ROLE flagsmith",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            ask(statement)


def test_a_grant_that_is_taken_out_of_its_file_is_taken_away(roles: Roles) -> None:
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    succeeded(roles.grant(GRANTS))
    assert "the grants of 0 files" in succeeded(roles.grant({}))
    with pytest.raises(errors.InsufficientPrivilege):
        roles.ask("flagsmith_audit", "audit", "SELECT email FROM public.users")


def test_a_grant_that_fails_leaves_all_grants_as_they_were(roles: Roles) -> None:
    roles.server.query(SCHEMA)
    succeeded(roles.make())
    succeeded(roles.grant(GRANTS))
    failed = roles.grant({"grants-a.sql": "GRANT SELECT ON no_such_table TO flagsmith_audit;"})
    assert failed.returncode != 0
    assert "no_such_table" in failed.stderr
    assert roles.ask("flagsmith_audit", "audit", "SELECT email FROM public.users") == [("a@example.com",)]


def test_a_renewed_administrator_password_is_set_by_means_of_the_previous_one(roles: Roles) -> None:
    succeeded(roles.make())
    renewed = 'zebra\'s \\ "crossing"'
    printed = succeeded(roles.make(PASSWORD=renewed, PREVIOUS=PASSWORD))
    assert "administrator's password is that of its Secret now" in printed
    assert "zebra" not in printed
    succeeded(roles.make(PASSWORD=renewed, PREVIOUS=PASSWORD))
    refused = roles.make(PREVIOUS="another")
    assert refused.returncode != 0
    assert "`ff restart -c database`" in refused.stderr
    succeeded(roles.make(PREVIOUS=renewed))
    log = (roles.server.home / "log").read_text(encoding="utf-8")
    assert "zebra" not in log


def test_the_login_of_an_existing_secret_becomes_a_member_of_the_owner(roles: Roles) -> None:
    roles.server.query("CREATE ROLE mine LOGIN PASSWORD 'p%40ss'")
    roles.server.query("GRANT ALL ON SCHEMA public TO mine")
    roles.ask("mine", "p%2540ss", "CREATE TABLE theirs (id int)")
    url = f"postgresql://mine:p%2540ss@127.0.0.1:{roles.server.port}/flagsmith"
    for _ in range(2):
        succeeded(roles.make(LOGIN="", APPLICATION_URL=url))
        assert roles.ask("mine", "p%2540ss", "INSERT INTO theirs VALUES (1); SELECT current_user") == [("flagsmith",)]
    said = succeeded(roles.make(LOGIN="", APPLICATION_URL=roles.server.url()))
    assert "Flagsmith logs in as the superuser postgres: make it a role of its own" in said
    refused = roles.make(LOGIN="", APPLICATION_URL=url.replace("p%2540ss", "wrong"))
    assert refused.returncode != 0
    assert "The DATABASE_URL of the existing Secret does not log in." in refused.stderr
