"""The start of the embedded PostgreSQL, on a real one: a renewed password counts, another major's data stops it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from components.postgres import START
from tests.servers import free_port, give_to_postgres, postgres_programs, postgres_user

PASSWORD = """pa'ss "w\\ord $HOME"""
# Stands in for the official image's entrypoint: makes the database if there is none, then runs the server.
ENTRYPOINT = """#!/bin/bash
set -eu
[ -s "$PGDATA/PG_VERSION" ] ||
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 >/dev/null
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
            "POSTGRES_PASSWORD_FILE": str(self.home / "password"),
        }

    def set_password(self, value: str) -> None:
        (self.home / "password").write_text(value, encoding="utf-8")

    def start(self) -> None:
        command = ["bash", "-c", START.read_text(encoding="utf-8"), "start-postgres"]
        options = [f"--port={self.port}", "--listen-addresses=127.0.0.1", f"--unix-socket-directories={self.home}"]
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

    @retry(stop=stop_after_delay(30), wait=wait_fixed(0.1), retry=retry_if_exception_type(ConnectionError))
    def accepts(self, password: str) -> bool:
        """Whether the server, once it answers, lets the password in."""
        return self.log_in(password)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    programs = postgres_programs()
    version = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    made = Server(tmp_path, str(programs), postgres_user(), free_port(), version.split()[2].partition(".")[0])
    (tmp_path / "bin").mkdir()
    entrypoint = tmp_path / "bin" / "docker-entrypoint.sh"
    entrypoint.write_text(ENTRYPOINT, encoding="utf-8")
    entrypoint.chmod(0o755)
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
    assert "dump the database and restore it" in printed
    assert sorted(data.rglob("*")) == before
