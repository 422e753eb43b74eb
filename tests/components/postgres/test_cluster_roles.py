"""The roles of a Cluster's database, made on a real one by an administrator who is no superuser."""

from collections.abc import Mapping
from dataclasses import dataclass
from subprocess import CompletedProcess
from threading import Timer

import psycopg2
import pytest
from psycopg2 import errors

from components.postgres.cluster_roles import INITIAL_SQL
from components.postgres.roles import grants
from components.secrets.addresses import ADMINISTRATOR
from tests.components.postgres.conftest import SCHEMA, Roles, succeeded
from tests.components.postgres.test_roles import GRANTS
from tests.components.postgres.test_rotation import Pod, retire
from tests.servers import give_to_postgres

OWNERS_PASSWORD = 'o\'wner "of" \\ it'
# What the audit log's reader needs of Flagsmith's tables for the names of API keys.
API_KEYS = """
    CREATE TABLE audit_auditlog (id integer PRIMARY KEY, log text, master_api_key_id text);
    CREATE TABLE api_keys_masterapikey (id text, prefix text, name text, hashed_key text);
    INSERT INTO audit_auditlog VALUES (1, 'changed', 'k.hash');
    INSERT INTO api_keys_masterapikey VALUES ('k.hash', 'k', 'deploys', 'the-hash');
"""


@dataclass
class ClusterRoles(Roles):
    """The Jobs as they run beside a Cluster."""

    def run(self, *scripts: str, **variables: str) -> CompletedProcess[str]:
        place = {"PGUSER": ADMINISTRATOR, "PASSWORD": OWNERS_PASSWORD, "METRICS_PASSWORD": "metrics"}
        first, *others = scripts
        return super().run(first, "cluster-administrator.sh", *others, **{**place, **variables})

    def make(self, **variables: str) -> CompletedProcess[str]:
        scripts = ("administrator.sh", "own-database.sh", "make-roles.sh", "cluster-roles.sh")
        return self.run(*scripts, **variables)

    def grant(self, files: Mapping[str, str]) -> CompletedProcess[str]:
        directory = self.home / "grants"
        directory.mkdir(exist_ok=True)
        for path in directory.iterdir():
            path.unlink()
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
        give_to_postgres(directory)
        scripts = ("administrator.sh", "own-database.sh", "grant-readers.sh", "cluster-grants.sh")
        return self.run(*scripts, GRANTS=str(directory))


@pytest.fixture
def clustered(roles: Roles) -> ClusterRoles:
    """What the operator makes of a new Cluster: the owner, what the superuser runs then, the database."""
    with psycopg2.connect(roles.server.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ADMINISTRATOR} LOGIN PASSWORD %s", (OWNERS_PASSWORD,))
    for statement in (*INITIAL_SQL, f"ALTER DATABASE flagsmith OWNER TO {ADMINISTRATOR}"):
        roles.server.query(statement, "postgres")
    return ClusterRoles(roles.home, roles.server)


def imported(roles: Roles, schema: str) -> None:
    """Tables of the Cluster's owner, as the operator's import leaves them."""
    roles.server.query(f"SET SESSION AUTHORIZATION {ADMINISTRATOR}; {schema}")


@pytest.mark.parametrize("schema", ["", SCHEMA], ids=["empty", "imported"])
def test_twice_makes_flagsmith_the_owner_of_everything(clustered: ClusterRoles, schema: str) -> None:
    if schema:
        imported(clustered, schema)
    for _ in range(2):
        printed = succeeded(clustered.make())
        assert OWNERS_PASSWORD not in printed
        assert set(clustered.owners().values()) == {"flagsmith"}
    assert len(clustered.owners()) > (20 if schema else 1)


def test_no_superuser_is_made_and_the_administrator_makes_none(clustered: ClusterRoles) -> None:
    succeeded(clustered.make())
    query = "SELECT rolname FROM pg_roles WHERE rolsuper OR rolreplication OR rolbypassrls"
    assert clustered.server.query(query) == [("postgres",)]
    for statement in (
        "CREATE ROLE more SUPERUSER",
        f"ALTER ROLE {ADMINISTRATOR} SUPERUSER",
        "SET ROLE postgres",
        "TABLE pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            clustered.ask(ADMINISTRATOR, "o%27wner%20%22of%22%20%5C%20it", statement)


def test_flagsmith_logs_in_as_its_role_alone_and_what_it_makes_belongs_to_the_owner(clustered: ClusterRoles) -> None:
    imported(clustered, SCHEMA)
    succeeded(clustered.make())
    assert clustered.ask("flagsmith_a", "first", "SELECT session_user, current_user") == [("flagsmith_a", "flagsmith")]
    clustered.ask("flagsmith_a", "first", "CREATE TABLE made (id serial); ALTER TABLE users ADD COLUMN later text")
    assert clustered.ask("flagsmith_a", "first", "SHOW statement_timeout") == [("30s",)]
    assert set(clustered.owners().values()) == {"flagsmith"}
    for role in ("flagsmith", "flagsmith_b", "flagsmith_operator", "flagsmith_audit_keys"):
        with pytest.raises(psycopg2.OperationalError):
            clustered.ask(role, "first", "SELECT 1")


def test_readers_read_what_they_are_granted_and_nothing_else(clustered: ClusterRoles) -> None:
    imported(clustered, SCHEMA)
    succeeded(clustered.make())
    for _ in range(2):
        succeeded(
            clustered.grant(
                {**GRANTS, "grants-audit.sql": "GRANT SELECT (id, email) ON public.users TO flagsmith_audit;"}
            )
        )
    assert clustered.ask("flagsmith_audit", "audit", "SELECT email FROM public.users") == [("a@example.com",)]
    assert clustered.ask("flagsmith_analytics", "analytics", "SELECT count(*) FROM public.parts") == [(0,)]
    for role, password, statement in (
        ("flagsmith_audit", "audit", "SELECT password FROM public.users"),
        ("flagsmith_audit", "audit", "CREATE TABLE public.mine (id int)"),
        ("flagsmith_audit", "audit", "SET ROLE flagsmith"),
        ("flagsmith_metrics", "metrics", "SELECT 1 FROM public.users"),
        ("flagsmith_metrics", "metrics", "SET ROLE flagsmith"),
        ("flagsmith_analytics", "analytics", "BEGIN READ WRITE; DELETE FROM public.parts"),
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            clustered.ask(role, password, statement)


def test_who_reads_metrics_sees_the_statistics_of_all(clustered: ClusterRoles) -> None:
    imported(clustered, SCHEMA)
    succeeded(clustered.make())
    with clustered.connect("flagsmith_a", "first"):
        found = clustered.ask(
            "flagsmith_metrics", "metrics", "SELECT state FROM pg_stat_activity WHERE usename = 'flagsmith_a'"
        )
    assert found == [("idle",)]


def test_the_operators_own_exporter_still_reaches_the_database(clustered: ClusterRoles) -> None:
    succeeded(clustered.make())
    clustered.server.query(
        "CREATE ROLE cnpg_metrics_exporter LOGIN PASSWORD 'm'; GRANT pg_monitor TO cnpg_metrics_exporter"
    )
    assert clustered.ask("cnpg_metrics_exporter", "m", "SELECT count(*) > 0 FROM pg_extension") == [(True,)]


def test_names_of_api_keys_are_read_by_a_role_that_has_nothing_else(clustered: ClusterRoles) -> None:
    imported(clustered, SCHEMA + API_KEYS)
    succeeded(clustered.make())
    for _ in range(2):
        succeeded(clustered.grant({"grants-audit.sql": grants()["grants-audit.sql"]}))
    query = "SELECT prefix, name FROM feature_flags_audit.api_keys(ARRAY[1])"
    assert clustered.ask("flagsmith_audit", "audit", query) == [("k", "deploys")]
    owner = "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'api_keys'"
    assert clustered.server.query(owner) == [("flagsmith_audit_keys",)]
    with pytest.raises(errors.InsufficientPrivilege):
        clustered.ask("flagsmith_audit", "audit", "SELECT hashed_key FROM public.api_keys_masterapikey")
    with pytest.raises(errors.InsufficientPrivilege):
        clustered.ask("flagsmith_a", "first", query)


def test_no_request_is_lost_while_the_log_in_is_renewed(clustered: ClusterRoles) -> None:
    succeeded(clustered.make())
    clustered.ask("flagsmith_a", "first", "CREATE TABLE requests (id int)")
    before = Pod(clustered, "flagsmith_a", "first")
    pods = [before]
    try:
        before.answers()
        succeeded(clustered.make(LOGIN="flagsmith_b", LOGIN_PASSWORD="second"))
        after = Pod(clustered, "flagsmith_b", "second")
        pods.append(after)
        after.answers()
        before.answers()
        before.leave()
        left = clustered.connect("flagsmith_a", "first")
        assert "flagsmith_a no longer can" in retire(clustered, "flagsmith_b")
        with pytest.raises(psycopg2.OperationalError), left.cursor() as cursor:
            cursor.execute("SELECT 1")
        after.answers()
    finally:
        for pod in pods:
            pod.leave()
    assert [pod.lost for pod in pods] == [[], []]
    with pytest.raises(psycopg2.OperationalError, match=r"not permitted to log in|password authentication failed"):
        clustered.ask("flagsmith_a", "first", "SELECT 1")


def test_a_renewed_administrator_password_is_waited_for_or_set_and_is_in_no_log(clustered: ClusterRoles) -> None:
    succeeded(clustered.make())
    renewed = 'zebra\'s \\ "crossing"'
    refused = clustered.make(PASSWORD=renewed, WAIT_SECONDS="1")
    assert refused.returncode != 0
    assert "did not take the administrator's password of its Secret within 1 s" in refused.stderr
    clustered.server.query("ALTER SYSTEM SET log_statement = 'all'")
    clustered.server.query("SELECT pg_reload_conf()")
    try:
        printed = succeeded(clustered.make(PASSWORD=renewed, PREVIOUS=OWNERS_PASSWORD))
        assert "administrator's password is that of its Secret now" in printed
        succeeded(clustered.make(PASSWORD=renewed, LOGIN_PASSWORD="other-login"))
    finally:
        clustered.server.query("ALTER SYSTEM RESET log_statement")
        clustered.server.query("SELECT pg_reload_conf()")
    log = (clustered.server.home / "log").read_text(encoding="utf-8")
    assert not [line for line in log.splitlines() if "zebra" in line or "SCRAM-SHA" in line]


def test_an_operators_password_that_comes_late_is_waited_for(clustered: ClusterRoles) -> None:
    """The Job begins as soon as the server is ready; the operator may set the password after that."""
    clustered.server.query(f"ALTER ROLE {ADMINISTRATOR} PASSWORD NULL")
    late = psycopg2.connect(clustered.server.url("postgres"))
    late.autocommit = True
    try:

        def set_it() -> None:
            with late.cursor() as cursor:
                cursor.execute(f"ALTER ROLE {ADMINISTRATOR} PASSWORD %s", (OWNERS_PASSWORD,))

        timer = Timer(2, set_it)
        timer.start()
        succeeded(clustered.make())
        timer.join()
    finally:
        late.close()
