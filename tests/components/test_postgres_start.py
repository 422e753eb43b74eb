"""The start of the embedded PostgreSQL, on a real one: a renewed password counts, another major's data stops it."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from components.postgres.access_rules import FILES
from components.postgres.server import START
from flagops.commands.db.administrator import as_administrator
from flagops.commands.db.upgrade import dump_script
from tests.database import attacker as traps
from tests.servers import free_port, give_to_postgres, postgres_programs, postgres_user

PASSWORD = """pa'ss "w\\ord $HOME"""
# Stands in for the official image's entrypoint: makes the database if there is none, by a temporary server that gets
# the server's own arguments and listens on its socket only; then runs the server.
ENTRYPOINT = """#!/bin/bash
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 >/dev/null
    pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${@:2}" -c listen_addresses='')" -s -w start
    psql -h "$SOCKET" -p "$PORT" -U "$POSTGRES_USER" --no-password -d postgres -qc "CREATE DATABASE $POSTGRES_DB"
    pg_ctl -D "$PGDATA" -m fast -s -w stop
fi
exec "$@"
"""


@dataclass
class Server:
    """A pod's directory with the volume, the password's file and the programs of the image."""

    home: Path
    programs: str
    user: str | None
    port: int
    major: str
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        volume = self.home / "volume"
        return {
            "PATH": f"{self.home / 'bin'}:{self.programs}:{os.environ['PATH']}",
            "DATA_VOLUME": str(volume),
            "PGDATA": str(volume / "pgdata"),
            "PG_MAJOR": self.major,
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "flagsmith",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --data-checksums",
            "POSTGRES_PASSWORD_FILE": str(self.home / "password"),
            "SOCKET": str(self.home),
            "PORT": str(self.port),
        }

    def set_password(self, value: str) -> None:
        (self.home / "password").write_text(value, encoding="utf-8")

    def start(self) -> None:
        command = ["bash", "-c", START.read_text(encoding="utf-8"), "start-postgres"]
        options = [f"--port={self.port}", "--listen-addresses=127.0.0.1", f"--unix-socket-directories={self.home}"]
        options += [f"--hba-file={self.home}/pg_hba.conf", f"--ident-file={self.home}/pg_ident.conf"]
        self.process = subprocess.Popen(
            [*command, *options],
            env=self.environment,
            user=self.user,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> str:
        """Stop as Kubernetes does with this image, by SIGINT, and return what was printed."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(2)
        printed, _ = self.process.communicate(timeout=20)
        return printed

    def log_in(self, password: str) -> bool:
        command = ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-tAc", "SELECT 1"]
        environment = {**self.environment, "PGPASSWORD": password}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10, check=False)
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended: {self.process.communicate()[0]}"
        if "could not connect" in result.stderr or "refused" in result.stderr or "starting up" in result.stderr:
            raise ConnectionError(result.stderr)
        return result.stdout.strip() == "1"

    @retry(stop=stop_after_delay(60), wait=wait_fixed(0.1), retry=retry_if_exception_type(ConnectionError))
    def accepts(self, password: str) -> bool:
        """Whether the server, once it answers, lets the password in."""
        return self.log_in(password)


def system_user() -> str:
    """Whom the server runs as: `postgres`, as in the image, unless the tests are no superuser's."""
    return postgres_user() or pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    programs = postgres_programs()
    version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    made = Server(tmp_path, str(programs), postgres_user(), free_port(), version.split()[2].partition(".")[0])
    (tmp_path / "bin").mkdir()
    entrypoint = tmp_path / "bin" / "docker-entrypoint.sh"
    entrypoint.write_text(ENTRYPOINT, encoding="utf-8")
    entrypoint.chmod(0o755)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("postgres     ", f"{system_user()}     "), "utf-8")
    (tmp_path / "volume").mkdir()
    made.set_password(PASSWORD)
    for path in (tmp_path, tmp_path / "volume"):
        give_to_postgres(path)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop()


def test_an_empty_volume_gets_a_database_with_the_password(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    assert not server.log_in("another")


def by_socket(server: Server, system: str, role: str) -> subprocess.CompletedProcess[str]:
    command = ["psql", "-h", str(server.home), "-p", str(server.port), "-U", role, "--no-password", "-d", "flagsmith"]
    command += ["-tAc", "SELECT session_user"]
    return subprocess.run(command, env=server.environment, user=system, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only a superuser can be several users")
def test_the_socket_lets_a_pods_own_users_in_without_a_password_and_nobody_else(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    sql(
        server,
        "CREATE ROLE flagsmith_metrics LOGIN; CREATE ROLE flagsmith_operator LOGIN; CREATE ROLE flagsmith_a LOGIN",
    )
    assert by_socket(server, "postgres", "postgres").stdout.strip() == "postgres"
    assert by_socket(server, "postgres", "flagsmith_operator").stdout.strip() == "flagsmith_operator"
    assert by_socket(server, "nobody", "flagsmith_metrics").stdout.strip() == "flagsmith_metrics"
    for system, role in (("nobody", "postgres"), ("nobody", "flagsmith_a"), ("postgres", "flagsmith_a")):
        refused = by_socket(server, system, role)
        assert refused.returncode != 0
        assert "Peer authentication failed" in refused.stderr


def test_a_renewed_password_counts_after_a_restart_and_is_in_no_log(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()

    renewed = 'zebra\'s \\ "crossing"'
    server.set_password(renewed)
    server.start()
    assert server.accepts(renewed)
    assert not server.log_in(PASSWORD)
    assert "zebra" not in server.stop()


def test_a_volume_whose_files_the_group_may_write_is_closed_again_before_the_server_looks(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()

    # As the kubelet leaves it when it walks a volume for the pod's fsGroup.
    for path in (server.home / "volume").rglob("*"):
        path.chmod(path.stat().st_mode | (0o2070 if path.is_dir() else 0o060))
    server.start()
    assert server.accepts(PASSWORD)
    assert (server.home / "volume" / "pgdata").stat().st_mode & 0o777 == 0o700
    server.stop()


def test_the_data_of_another_major_stops_the_start_and_is_left_alone(server: Server) -> None:
    server.start()
    assert server.accepts(PASSWORD)
    server.stop()
    data = server.home / "volume" / "pgdata"
    before = sorted(data.rglob("*"))

    server.major = str(int(server.major) + 1)
    server.start()
    assert server.process is not None
    printed, _ = server.process.communicate(timeout=20)
    assert server.process.returncode == 1
    assert f"holds the data of PostgreSQL {int(server.major) - 1}" in printed
    assert "`ff db upgrade` moves to another major version" in printed
    assert sorted(data.rglob("*")) == before


def sql(server: Server, statement: str, password: str = PASSWORD, database: str = "flagsmith") -> str:
    command = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-tAc", statement, database]
    environment = {**server.environment, "PGPASSWORD": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


@pytest.fixture
def upgrading(server: Server) -> Server:
    """A volume with the data of the major version before, and the dump that `ff db upgrade` makes of it."""
    server.start()
    assert server.accepts(PASSWORD)
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
    as_application(server, set_by_him.replace("STOLEN", stolen(server)))
    old = int(server.major) - 1
    volume = server.home / "volume"
    place = {"PGHOST": str(server.home), "PGPORT": str(server.port)}
    done = subprocess.run(
        as_administrator(dump_script(old)),
        env={**server.environment, **place},
        user=server.user,
        cwd=server.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    server.stop()
    (volume / "pgdata" / "PG_VERSION").write_text(f"{old}\n", encoding="utf-8")
    (volume / "pgdata").rename(volume / "old")
    return server


def stolen(server: Server) -> str:
    """Where a trap puts the secrets that it finds."""
    return str(server.home / "stolen")


def as_application(server: Server, statements: str) -> None:
    """Do as whoever took over the API's pod."""
    connection = psycopg2.connect(f"postgresql://flagsmith_a:first@127.0.0.1:{server.port}/flagsmith")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statements)
    connection.close()


def test_neither_the_dump_nor_what_is_made_of_it_runs_the_application_s_code_as_a_superuser(upgrading: Server) -> None:
    assert not Path(stolen(upgrading)).exists()
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM trapped") == "1"
    assert sql(upgrading, "SELECT string_agg(DISTINCT who, ' ') FROM caught") == ""
    assert sql(upgrading, "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolsuper") == "postgres"
    assert sql(upgrading, "SELECT count(*) FROM pg_roles WHERE rolname = 'flagsmith_restoring'") == "0"
    assert not Path(stolen(upgrading)).exists()
    owners = "SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname = 'public'"
    assert sql(upgrading, owners) == "flagsmith"
    assert sql(upgrading, "SELECT count(*) FROM pg_namespace WHERE nspname = 'feature_flags_audit'") == "0"
    extensions = "SELECT string_agg(extname || ' ' || extowner::regrole, ', ' ORDER BY extname) FROM pg_extension"
    assert sql(upgrading, extensions) == "pg_stat_statements postgres, pg_trgm flagsmith, plpgsql postgres"


def test_what_is_restored_cannot_hold_the_upgrade_up(upgrading: Server) -> None:
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM holding") == "1"
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'held'"
    assert sql(upgrading, owner) == "flagsmith"
    assert sql(upgrading, "SELECT count(*) FROM pg_roles WHERE rolname = 'flagsmith_restoring'") == "0"
    assert sql(upgrading, "SELECT count(*) FROM pg_policy WHERE polrelid = 'holding'::regclass") == "0"
    assert sql(upgrading, "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase <> 0") == "0"
    assert sql(upgrading, "SELECT datconnlimit FROM pg_database WHERE datname = 'flagsmith'") == "-1"
    assert "The new data has no statistics yet" in upgrading.stop()


def test_a_dump_of_the_major_before_becomes_the_data_and_the_old_is_kept(upgrading: Server) -> None:
    old = int(upgrading.major) - 1
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM features") == "1000"
    owner = "SELECT tableowner || has_table_privilege('flagsmith_audit', 'features', 'SELECT') FROM pg_tables"
    assert sql(upgrading, f"{owner} WHERE tablename = 'features'") == "flagsmithtrue"
    volume = upgrading.home / "volume"
    names = {path.name for path in volume.iterdir()}
    assert names == {"pgdata", f".before-upgrade-{old}"}
    assert (volume / f".before-upgrade-{old}" / "PG_VERSION").read_text().strip() == str(old)
    printed = upgrading.stop()
    assert f"Making the data of PostgreSQL {upgrading.major} from the dump of {old}" in printed
    sizes = sql_after_restart(upgrading)
    assert sizes == "1000", "the next start is an ordinary one"


def sql_after_restart(server: Server) -> str:
    server.start()
    assert server.accepts(PASSWORD)
    return sql(server, "SELECT count(*) FROM features")


def test_a_broken_dump_leaves_the_old_data_and_the_next_start_tries_again(upgrading: Server) -> None:
    old = int(upgrading.major) - 1
    volume = upgrading.home / "volume"
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


def test_a_dump_of_the_same_major_waits_for_the_deployment(upgrading: Server) -> None:
    volume = upgrading.home / "volume"
    old = int(upgrading.major) - 1
    (volume / "old" / "PG_VERSION").write_text(f"{upgrading.major}\n", encoding="utf-8")
    (volume / "old").rename(volume / "pgdata")
    for kind in ("dump", "roles.sql"):
        (volume / f"upgrade-{old}.{kind}").rename(volume / f"upgrade-{upgrading.major}.{kind}")
    upgrading.start()
    assert upgrading.accepts(PASSWORD)
    assert sql(upgrading, "SELECT count(*) FROM features") == "1000"
    assert (volume / f"upgrade-{upgrading.major}.dump").exists()
