"""The embedded PostgreSQL as its pod starts it, with a directory of this machine for the volume."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from components.postgres.access_rules import FILES
from components.postgres.server import START
from tests import kept
from tests.postgres_programs import as_user, of_no_worth, postgres_programs, postgres_user
from tests.servers import copy_all, free_port, give_to_postgres

PASSWORD = """pa'ss "w\\ord $HOME"""
# Stands in for the official image's entrypoint: makes the database if there is none, by a temporary server that gets
# the server's own arguments and listens on its socket only; then runs the server.
ENTRYPOINT = r"""#!/bin/bash
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 \
        --no-sync >/dev/null
    echo "fsync = off" >>"$PGDATA/postgresql.conf"
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
    reindex_for: str = ""
    initdb: list[str] = field(default_factory=list)

    def becomes(self, major: int) -> None:
        """Have the image of a major version."""
        programs = postgres_programs(major)
        self.programs, self.major, self.initdb = str(programs), str(major), of_no_worth(programs)

    @property
    def volume(self) -> Path:
        return self.home / "volume"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.home / 'bin'}:{self.programs}:{os.environ['PATH']}",
            "DATA_VOLUME": str(self.volume),
            "REINDEX_FOR": self.reindex_for,
            "LOCPATH": str(self.home / "locales"),
            "PGDATA": str(self.volume / "pgdata"),
            "PG_MAJOR": self.major,
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "flagsmith",
            "POSTGRES_INITDB_ARGS": " ".join(["--auth-host=scram-sha-256", "--data-checksums", *self.initdb]),
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
        options += ["--dynamic-shared-memory-type=mmap"]  # or one that is killed leaves something in /dev/shm
        self.process = subprocess.Popen(
            as_user(self.user, *command, *options),
            env=self.environment,
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

    @retry(stop=stop_after_delay(120), wait=wait_fixed(0.1), retry=retry_if_exception_type(ConnectionError))
    def accepts(self, password: str) -> bool:
        """Whether the server, once it answers, lets the password in."""
        return self.log_in(password)


def system_user() -> str:
    """Whom the server runs as: `postgres`, as in the image, unless the tests are no superuser's."""
    return postgres_user() or pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def server_in(home: Path, major: int) -> Iterator[Server]:
    """The pod's directory with an empty volume, whose server has stopped at the end."""
    made = Server(home, "", postgres_user(), free_port(), "")
    made.becomes(major)
    (home / "bin").mkdir()
    entrypoint = home / "bin" / "docker-entrypoint.sh"
    entrypoint.write_text(ENTRYPOINT, encoding="utf-8")
    entrypoint.chmod(0o755)
    for name, text in FILES.items():
        (home / name).write_text(text.replace("postgres     ", f"{system_user()}     "), "utf-8")
    made.volume.mkdir()
    made.set_password(PASSWORD)
    for path in (home, made.volume):
        give_to_postgres(path)
    try:
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.stop()


def first_data(home: Path, major: int) -> Path:
    """The data that the first start on an empty volume leaves, once it has stopped: made once in a session."""

    def make(new: Path) -> None:
        with server_in(home, major) as made:
            made.start()
            assert made.accepts(PASSWORD)
            made.stop()
            copy_all(made.volume / "pgdata", new)

    return kept.directory(f"first data of {major}", make)


def sql(server: Server, statement: str, password: str = PASSWORD, database: str = "flagsmith") -> str:
    command = ["psql", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-tAc", statement, database]
    environment = {**server.environment, "PGPASSWORD": password}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()
