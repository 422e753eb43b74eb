"""The readers of an attacked database: what would run its owner's code as them is not read, and named."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from components.audit import reader
from components.flag_metrics import flag_metrics as metrics
from tests.components.postgres import attacker as traps
from tests.components.postgres.attacker import Attacker, read_by_the_readers
from tests.components.postgres.conftest import Roles
from tests.components.postgres.prepared import Prepared, attacking, with_grants
from tests.in_pod import importable
from tests.postgres_programs import embedded
from tests.servers import LOOPBACK, Postgres

pytestmark = pytest.mark.parametrize("server", embedded(), indirect=True, scope="module")
# By what it is: how a table becomes a trap, and how it is one no longer.
TABLE_TRAPS = {
    "a view in its place": (
        """ALTER TABLE public.{0} RENAME TO real;
        CREATE VIEW public.{0} AS SELECT * FROM public.real WHERE public.trap();
        GRANT SELECT ON public.{0}, public.real TO PUBLIC""",
        "DROP VIEW public.{0}; ALTER TABLE public.real RENAME TO {0}",
    ),
    "a policy": (
        "ALTER TABLE public.{0} ENABLE ROW LEVEL SECURITY; CREATE POLICY trap ON public.{0} USING (public.trap())",
        "DROP POLICY trap ON public.{0}; ALTER TABLE public.{0} DISABLE ROW LEVEL SECURITY",
    ),
    "an index": ("CREATE INDEX trap ON public.{0} ((public.trap()))", "DROP INDEX public.trap"),
    "a partial index": ("CREATE INDEX trap ON public.{0} ((1)) WHERE public.trap()", "DROP INDEX public.trap"),
    "statistics": (
        "CREATE STATISTICS public.trap ON (public.trap()), (public.trap() OR false) FROM public.{0}",
        "DROP STATISTICS public.trap",
    ),
    "a column of a type with a cast": (
        """ALTER TABLE public.{0} RENAME COLUMN {1} TO real;
        ALTER TABLE public.{0} ADD COLUMN {1} public.cheating;
        UPDATE public.{0} SET {1} = ROW(real::text)::public.cheating;
        GRANT SELECT ON public.{0} TO PUBLIC""",
        "ALTER TABLE public.{0} DROP COLUMN {1}; ALTER TABLE public.{0} RENAME COLUMN real TO {1}",
    ),
    "a table that inherits": (
        "CREATE TABLE public.child () INHERITS (public.{0}); ALTER TABLE public.child ADD CHECK (public.trap())",
        "DROP TABLE public.child",
    ),
}
CASTS = """
    CREATE TYPE public.cheating AS (value text);
    CREATE FUNCTION public.to_text(public.cheating) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM public.act(); RETURN $1.value; END $f$;
    CREATE FUNCTION public.to_integer(public.cheating) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
        $f$ BEGIN PERFORM public.act(); RETURN $1.value; END $f$;
    CREATE CAST (public.cheating AS text) WITH FUNCTION public.to_text(public.cheating) AS IMPLICIT;
    CREATE CAST (public.cheating AS integer) WITH FUNCTION public.to_integer(public.cheating) AS IMPLICIT;
"""


@pytest.fixture(scope="module", autouse=True)
def _scripts() -> Iterator[None]:
    """The scripts import one another by name, as those of a directory do."""
    with importable(reader.SCRIPTS, metrics.SCRIPTS[0].parent):
        yield


@pytest.fixture(scope="module")
def prepared(server: Postgres) -> Prepared:
    """What each test begins with."""
    return Prepared(server, with_grants)


@pytest.fixture
def attacker(prepared: Prepared, tmp_path: Path) -> Iterator[Attacker]:
    """The attacker, where the readers have their grants."""
    with attacking(prepared, tmp_path, traps.ACT + CASTS) as made:
        yield made


def url(roles: Roles, reader: str) -> str:
    return f"postgresql://flagsmith_{reader}:{reader}@{LOOPBACK}:{roles.server.port}/flagsmith"


def audit(roles: Roles, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Whatever `ff audit` and the exporter ask; what kept them from it, empty if nothing did."""
    monkeypatch.setenv("DATABASE_URL", url(roles, "audit"))
    entries: Any = importlib.import_module("audit_entries")
    cursors: Any = importlib.import_module("audit_cursor")

    def ask() -> str:
        said = []
        with entries.connected() as connection:
            rows: list[dict[str, Any]] = []
            for step in (
                lambda: rows.extend(entries.read(connection, "true", (), limit=1000)),
                lambda: entries.described(connection, rows, "here"),
                lambda: cursors.Cursor(connection).pending(100),
                lambda: cursors.Cursor(connection).oldest_waiting([1], [2]),
            ):
                try:
                    step()
                except psycopg2.Error as error:
                    said.append(str(error))
        return "\n".join(said)

    return ask


def flag_metrics(roles: Roles, _: pytest.MonkeyPatch) -> Callable[[], str]:
    """Whatever the flag metrics ask."""
    module: Any = importlib.import_module("flag_metrics")

    def ask() -> str:
        exporter = module.Exporter(url(roles, "analytics"), 60, 500)
        said: list[str] = []
        exporter.failed = lambda _, reason: said.append(reason)
        exporter.collect_all()
        return "\n".join(said)

    return ask


READERS = {"audit": audit, "analytics": flag_metrics}


@pytest.mark.parametrize("reader", READERS)
def test_names_and_settings_of_the_database_s_owner_mean_nothing_to_a_reader(
    attacker: Attacker, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = READERS[reader](attacker.roles, monkeypatch)
    assert ask() == ""
    attacker.do(traps.SHADOWS + traps.SETTINGS)
    attacker.waits()
    assert ask() == ""
    attacker.got_nothing()


@pytest.mark.parametrize("trap", TABLE_TRAPS)
def test_a_table_that_would_run_its_owner_s_code_is_not_read(
    attacker: Attacker, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = attacker.roles
    asks = {name: made(roles, monkeypatch) for name, made in READERS.items()}
    # That these are all which a reader asks for is seen where it is refused nothing: what is not granted would be.
    granted = {name: read_by_the_readers(roles, name) for name in READERS}
    assert all(len(tables) > 10 for tables in granted.values())
    assert len(set().union(*granted.values())) > 25
    columns = dict(
        roles.server.query(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND ordinal_position = 2"
        )
    )
    attacker.waits()
    refused = dict.fromkeys(READERS, 0)
    for table in sorted(set().union(*granted.values())):
        column = columns[table]
        spring, undo = (part.format(table, column) for part in TABLE_TRAPS[trap])
        attacker.do(spring)
        for name, ask in asks.items():
            if table in granted[name]:
                refused[name] += table in ask()
                assert attacker.caught() == set(), (trap, table, name)
        attacker.do(undo)
    assert all(number > 10 for number in refused.values()), refused
    attacker.got_nothing()
    assert [ask() for ask in asks.values()] == ["", ""]


@pytest.mark.parametrize("trap", [name for name in TABLE_TRAPS if "inherits" not in name])
def test_a_reader_that_does_not_look_is_caught(attacker: Attacker, trap: str) -> None:
    roles = attacker.roles
    attacker.waits()
    attacker.do(TABLE_TRAPS[trap][0].format("projects_project", "name"))
    unwary = """
        SET restrict_nonsystem_relation_kind = '';
        SET row_security = on;
        SELECT lower(name) FROM public.projects_project
    """
    roles.ask("flagsmith_audit", "audit", unwary)
    assert attacker.caught() == {"flagsmith_audit as flagsmith_audit"}


def test_the_function_that_finds_keys_is_run_as_a_role_that_may_read_no_more(attacker: Attacker) -> None:
    roles = attacker.roles
    attacker.do(TABLE_TRAPS["a view in its place"][0].format("api_keys_masterapikey", "name"))
    attacker.waits()
    with pytest.raises(psycopg2.Error, match="restricted"):
        roles.ask("flagsmith_audit", "audit", "SELECT * FROM feature_flags_audit.api_keys(ARRAY[1])")
    attacker.got_nothing()
    granted = roles.server.query(
        "SELECT table_name, string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.column_privileges"
        " WHERE grantee = 'flagsmith_audit_keys' GROUP BY 1 ORDER BY 1"
    )
    assert granted == [("audit_auditlog", "id master_api_key_id"), ("real", "id name prefix")]
    assert roles.server.query("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'flagsmith_audit_keys'") == [
        (False, False)
    ]


def test_a_table_stays_what_it_was_when_it_was_looked_at_until_it_is_read(attacker: Attacker) -> None:
    plain: Any = importlib.import_module("plain_tables")
    connection = attacker.roles.connect("flagsmith_audit", "audit")
    attacker.waits()
    with plain.reading(connection, ("projects_project",)) as cursor:
        for trap in ("a view in its place", "a policy", "a column of a type with a cast"):
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                attacker.do("SET lock_timeout = 50; " + TABLE_TRAPS[trap][0].format("projects_project", "name"))
        cursor.execute("SELECT lower(name) FROM public.projects_project")
    connection.close()
    attacker.got_nothing()
