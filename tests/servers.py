"""Real servers, each with a directory and a port of its own, for tests to break."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests import kept
from tests.postgres_programs import as_postgres, of_no_worth, postgres_programs, postgres_user

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nothing listens on now, of those that the system gives to nobody by itself (32768 and up)."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def give_to_postgres(directory: Path) -> None:
    """Make a directory below pytest's own usable by PostgreSQL's user."""
    user = postgres_user()
    if user is None:
        return
    account = pwd.getpwnam(user)
    os.chown(directory, account.pw_uid, account.pw_gid)
    let_through(directory)


def let_through(directory: Path) -> None:
    """Let every user come to a directory of pytest's: its own ones above it are closed, those of the system are not."""
    system = Path(tempfile.gettempdir())
    for path in directory.parents:
        if path.is_relative_to(system) and path != system:
            path.chmod(0o755)


def copy_all(source: Path, target: Path) -> None:
    """Copy a directory with the owners and modes of what is in it."""
    subprocess.run(["cp", "-a", source, target], check=True, capture_output=True, timeout=60)


def answered(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows that a statement in a transaction of its own gives, as the user whom the URL names."""
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


@dataclass
class Postgres:
    """A PostgreSQL on loopback with one superuser; of any major version, unless it is given."""

    home: Path
    port: int
    password: str
    major: int | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def url(self, database: str = "flagsmith") -> str:
        return f"postgresql://postgres:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start it if it does not run, made first if there is none, and wait until it answers."""
        if self.is_running:
            return
        programs, data = postgres_programs(self.major), self.home / "data"
        if not data.exists():
            self.home.mkdir(exist_ok=True)
            give_to_postgres(self.home)
            self._made(programs, data)
        # Another run of pytest closes the directory above its own.
        give_to_postgres(self.home)
        options = [f"--port={self.port}", f"--listen-addresses={LOOPBACK}", f"--unix-socket-directories={self.home}"]
        # In its own directory, where a server that is killed leaves nothing in the system's.
        options += ["--fsync=off", "--max-connections=40", "--dynamic-shared-memory-type=mmap"]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                as_postgres(programs / "postgres", "-D", data, *options),
                cwd=self.home,
                stdout=log,
                stderr=log,
            )
        self._answers()
        if not self.query("SELECT 1 FROM pg_database WHERE datname = 'flagsmith'", "postgres"):
            self.query("CREATE DATABASE flagsmith", "postgres")

    def stop(self) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)

    def query(self, statement: str, database: str = "flagsmith") -> list[tuple[Any, ...]]:
        """Run a statement in a transaction of its own; the rows it gives."""
        return answered(self.url(database), statement)

    def _made(self, programs: Path, data: Path) -> None:
        """A new server's data: made once in a session for each version and password, and a copy each time after."""

        def make(new: Path) -> None:
            secret = self.home / "password"
            secret.write_text(self.password, encoding="utf-8")
            give_to_postgres(secret)
            options = ["-U", "postgres", f"--pwfile={secret}", "--auth=scram-sha-256"]
            self._run(programs / "initdb", "-D", data, *options, *of_no_worth(programs))
            copy_all(data, new)

        first = kept.directory(f"{programs} {self.password}", make)
        if not data.exists():
            copy_all(first, data)

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            as_postgres(*command), cwd=self.home, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr

    @retry(stop=stop_after_delay(30), wait=wait_fixed(0.1), retry=retry_if_exception_type(psycopg2.OperationalError))
    def _answers(self) -> None:
        assert self.is_running, (self.home / "log").read_text()[-2000:]
        self.query("SELECT 1", "postgres")


@contextmanager
def running_postgres(home: Path, password: str, major: int | None = None) -> Iterator[Postgres]:
    """A PostgreSQL below `home`, as long as a group of tests needs it."""
    made = Postgres(home / "postgres", free_port(), password, major)
    give_to_postgres(home)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@dataclass
class Redis:
    """A Redis on loopback that keeps nothing."""

    home: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def client(self, database: int = 0) -> "redis.Redis":
        return redis.Redis.from_url(self.url(database), socket_timeout=5)

    def start(self) -> None:
        """Start it if it does not run, and wait until it answers."""
        if self.is_running:
            return
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed: sudo apt-get install redis-server")
        self.home.mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", LOOPBACK, "--save", "", "--requirepass", self.password]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen([program, *options], cwd=self.home, stdout=log, stderr=log)
        self._answers()

    def stop(self) -> None:
        if self.process is not None and self.is_running:
            self.resume()
            self.process.terminate()
            self.process.wait(timeout=30)

    def hang(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.05), retry=retry_if_exception_type(redis.RedisError))
    def _answers(self) -> None:
        assert self.is_running, (self.home / "log").read_text()[-2000:]
        with self.client() as client:
            client.ping()
