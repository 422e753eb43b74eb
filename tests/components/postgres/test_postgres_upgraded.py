"""The start of the embedded PostgreSQL on what `ff db upgrade` left: its data are made anew from the dump."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from flagops.commands.db.administrator import as_administrator
from flagops.commands.db.upgrade import dump_script
from tests.components.postgres import attacker as traps
from tests.components.postgres.postgres_server import PASSWORD, Server, server_in, sql
from tests.postgres_programs import as_user, majors, upgrades
from tests.servers import copy_all, running_postgres


@dataclass
class Left:
    """What `ff db upgrade` leaves: a volume with the data of a major version, and their dump.

    Attributes:
        old: The major version that the data say they are of.
        after: That of the image that comes next.
        stolen: Where the traps in the database put the secrets that they find.
    """

    volume: Path
    old: int
    after: int
    stolen: Path


@pytest.fixture(scope="module", params=upgrades(), ids=lambda pair: f"{pair[0]} to {pair[1]}")
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    before, after = request.param
    home = tmp_path_factory.mktemp("upgraded")
    stolen = home / "stolen"
    with server_in(home, before) as server:
        server.start()
        assert server.accepts(PASSWORD)
        fill(server, stolen)
        if before != after:
            drop_what_fits_no_more(server, after, tmp_path_factory.mktemp("catalogs"))
        data = server.volume / "pgdata"
        old = int((data / "PG_VERSION").read_text()) - (before == after)
        done = subprocess.run(
            as_user(server.user, *as_administrator(dump_script(old))),
            env={**server.environment, "PGHOST": str(home), "PGPORT": str(server.port)},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        server.stop()
        assert not stolen.exists()
        (data / "PG_VERSION").write_text(f"{old}\n", encoding="utf-8")
        data.rename(data.with_name("old"))  # the image has it elsewhere by the major version
        yield Left(server.volume, old, after, stolen)


def fill(server: Server, stolen: Path) -> None:
    """Flagsmith's database, and what whoever took over the API's pod leaves in it."""
    sql(server, "CREATE TABLE features (id int); INSERT INTO features SELECT generate_series(1, 1000)")
    sql(server, "CREATE ROLE flagsmith NOLOGIN; ALTER DATABASE flagsmith OWNER TO flagsmith")
    sql(
        server,
        "CREATE ROLE flagsmith_a LOGIN PASSWORD 'first' IN ROLE flagsmith; ALTER TABLE features OWNER TO flagsmith",
    )
    sql(server, "ALTER ROLE flagsmith_a SET role = flagsmith; ALTER SCHEMA public OWNER TO flagsmith")
    sql(server, "CREATE ROLE flagsmith_audit; GRANT SELECT ON features TO flagsmith_audit")
    sql(server, "CREATE SCHEMA feature_flags_audit; CREATE TABLE feature_flags_audit.cursor (id int)")
    sql(server, "CREATE EXTENSION pg_stat_statements")
    sql(server, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO flagsmith")
    as_application(server, "CREATE EXTENSION pg_trgm")
    set_by_him = traps.ACT + traps.RESTORED + traps.HELD + traps.SHADOWS + traps.SETTINGS
    as_application(server, set_by_him.replace("STOLEN", str(stolen)))


COLUMNS = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND a.attnum > 0
"""


def drop_what_fits_no_more(server: Server, after: int, home: Path) -> None:
    """The imitations of views that have other columns in the next major version, which no dump can carry over."""
    with running_postgres(home, "only-for-tests", after) as next_one:
        there = {f"{view}.{column}" for view, column in next_one.query(COLUMNS, "postgres")}
    here = [line.split("|") for line in sql(server, COLUMNS, database="postgres").splitlines()]
    gone = sorted({view for view, column in here if f"{view}.{column}" not in there})
    assert len(gone) < len({view for view, _ in here}) / 4, gone
    as_application(server, "".join(f"DROP VIEW IF EXISTS public.{view} CASCADE;" for view in gone))


@contextmanager
def next_pod(left: Left, home: Path) -> Iterator[Server]:
    """A pod of the next major version, with a copy of what was left; not started."""
    with server_in(home, left.after) as made:
        made.volume.rmdir()
        copy_all(left.volume, made.volume)
        yield made


@pytest.fixture
def upgrading(left: Left, tmp_path: Path) -> Iterator[Server]:
    with next_pod(left, tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Upgraded:
    """A pod that made its data of the dump, and was started again; only to be asked.

    Attributes:
        server: It answers.
        printed: What was printed from the first start to its end.
        left: What was on the volume when it answered for the first time.
    """

    server: Server
    printed: str
    left: set[str]


@pytest.fixture(scope="module")
def upgraded(left: Left, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    with next_pod(left, tmp_path_factory.mktemp("next-pod")) as server:
        server.start()
        assert server.accepts(PASSWORD)
        names = {path.name for path in server.volume.iterdir()}
        printed = server.stop()
        server.start()
        assert server.accepts(PASSWORD)
        yield Upgraded(server, printed, names)


def as_application(server: Server, statements: str) -> None:
    """Do as whoever took over the API's pod."""
    connection = psycopg2.connect(f"postgresql://flagsmith_a:first@127.0.0.1:{server.port}/flagsmith")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statements)
    connection.close()


def test_neither_the_dump_nor_what_is_made_of_it_runs_the_application_s_code_as_a_superuser(
    upgraded: Upgraded, left: Left
) -> None:
    server = upgraded.server
    assert sql(server, "SELECT count(*) FROM trapped") == "1"
    assert sql(server, "SELECT string_agg(DISTINCT who, ' ') FROM caught") == ""
    assert sql(server, "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper") == "postgres"
    assert sql(server, "SELECT count(*) FROM pg_roles WHERE rolname = 'flagsmith_restoring'") == "0"
    assert not left.stolen.exists()
    owners = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'public'"
    assert sql(server, owners) == "flagsmith"
    assert sql(server, "SELECT count(*) FROM pg_namespace WHERE nspname = 'feature_flags_audit'") == "0"
    extensions = "SELECT string_agg(extname || ' ' || extowner::regrole, ', ' ORDER BY extname) FROM pg_extension"
    assert sql(server, extensions) == "pg_stat_statements postgres, pg_trgm flagsmith, plpgsql postgres"


def test_what_is_restored_cannot_hold_the_upgrade_up(upgraded: Upgraded) -> None:
    server = upgraded.server
    assert sql(server, "SELECT count(*) FROM holding") == "1"
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'held'"
    assert sql(server, owner) == "flagsmith"
    assert sql(server, "SELECT count(*) FROM pg_roles WHERE rolname = 'flagsmith_restoring'") == "0"
    assert sql(server, "SELECT count(*) FROM pg_policy WHERE polrelid = 'holding'::regclass") == "0"
    assert sql(server, "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase <> 0") == "0"
    assert sql(server, "SELECT datconnlimit FROM pg_database WHERE datname = 'flagsmith'") == "-1"
    assert "The new data has no statistics yet" in upgraded.printed


def test_a_dump_of_the_major_before_becomes_the_data_and_the_old_is_kept(upgraded: Upgraded, left: Left) -> None:
    server, old = upgraded.server, left.old
    assert sql(server, "SELECT count(*) FROM features") == "1000", "the next start is an ordinary one"
    owner = "SELECT tableowner || has_table_privilege('flagsmith_audit', 'features', 'SELECT') FROM pg_tables"
    assert sql(server, f"{owner} WHERE tablename = 'features'") == "flagsmithtrue"
    assert upgraded.left == {"pgdata", f".before-upgrade-{old}"}, "the dump has the passwords' hashes"
    assert (server.volume / f".before-upgrade-{old}" / "PG_VERSION").read_text().strip() == str(old)
    assert f"Making the data of PostgreSQL {server.major} from the dump of {old}" in upgraded.printed


def test_a_broken_dump_leaves_the_old_data_and_the_next_start_tries_again(upgrading: Server, left: Left) -> None:
    old = left.old
    volume = upgrading.volume
    dump = volume / f"upgrade-{old}.dump"
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-200])
    upgrading.start()
    assert upgrading.process is not None
    upgrading.process.communicate(timeout=60)
    assert upgrading.process.returncode != 0
    assert (volume / "old" / "PG_VERSION").exists()
    assert not (volume / "pgdata").exists()
    assert not (volume / ".upgrading" / "postmaster.pid").exists(), "its server is stopped"
    dump.write_bytes(whole)
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM features") == "1000"


def test_a_dump_of_the_same_major_waits_for_the_deployment(upgrading: Server, left: Left) -> None:
    volume, old = upgrading.volume, left.old
    if old in majors():
        upgrading.becomes(old)
    else:
        (volume / "old" / "PG_VERSION").write_text(f"{left.after}\n", encoding="utf-8")
        for path in volume.glob(f"upgrade-{old}.*"):
            path.rename(path.with_name(path.name.replace(str(old), str(left.after))))
    (volume / "old").rename(volume / "pgdata")
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM features") == "1000"
    assert (volume / f"upgrade-{upgrading.major}.dump").exists()
