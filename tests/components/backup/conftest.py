"""The scripts of the backup Jobs, run as their containers run them, against a real PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.backup.backup import DRILL, DUMP, LIVE, RESTORE, SCRIPTS, UNPACK
from tests.postgres_programs import postgres_programs, postgres_user
from tests.servers import Postgres, give_to_postgres, running_postgres

HOST = "flags.example.org"
# By the variable, the scripts whose container has it: `tests/components/backup/test_backup.py` holds them to this.
SECRETS = {
    "DATABASE_URL": {"database-url.sh"},
    "BACKUP_PASSPHRASE": {"dump-database.sh", "unpack-dump.sh"},
}
SCHEMA = """
    CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE TABLE features (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood,
        created timestamptz DEFAULT now());
    CREATE TABLE states (id bigserial PRIMARY KEY, feature integer REFERENCES features ON DELETE CASCADE, value jsonb);
    CREATE TABLE "Odd שם" (data bytea);
    CREATE TABLE django_migrations (id serial PRIMARY KEY, app text, name text);
    CREATE INDEX by_name ON features (lower(name));
    CREATE VIEW happy AS SELECT name FROM features WHERE mood = 'happy';
    CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
    INSERT INTO features (name, mood) SELECT 'flag_' || n, CASE WHEN n % 2 = 0 THEN 'happy'::mood END
        FROM generate_series(1, 500) n;
    INSERT INTO features (name) VALUES (E'CREATE SCHEMA public;'), (E'tab\\tnew\\nline \\\\. שלום');
    INSERT INTO states (feature, value) SELECT id, jsonb_build_object('on', id % 3 = 0) FROM features;
    INSERT INTO "Odd שם" VALUES ('\\x00ff10'), (NULL);
    INSERT INTO django_migrations (app, name) VALUES ('features', '0001_initial'), ('features', '0002_more');
"""


@dataclass
class Jobs:
    """The containers of the backup Jobs, each a process of this machine with a work directory of its own."""

    home: Path
    postgres: Postgres
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def programs(self) -> Path:
        """Those of the server's own version."""
        return postgres_programs(self.postgres.major)

    def work(self) -> Path:
        """A new, empty work directory, as each pod has one."""
        work = self.home / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        give_to_postgres(work)
        return work

    def shell(self, *scripts: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A container of PostgreSQL's image."""
        source = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in scripts)
        given = {"PATH": f"{self.programs}:{os.environ['PATH']}"}
        if "database-url.sh" in scripts:
            given["DATABASE_URL"] = self.postgres.url()
        given |= self.environment | variables
        for name, those in SECRETS.items():
            if not those & set(scripts):
                given.pop(name, None)
        return self.run(["bash", "-c", source, scripts[-1]], given, postgres_user())

    def store(self, action: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A container of Flagsmith's image."""
        source = (SCRIPTS / "store_backups.py").read_text(encoding="utf-8")
        return self.run([sys.executable, "-c", source, action], self.environment | variables, None)

    def run(self, command: list[str], variables: dict[str, str], user: str | None) -> subprocess.CompletedProcess[str]:
        work = self.home / "work"
        given = {
            "WORK": str(work),
            "STORE": str(self.home / "store"),
            "KEEP": "3",
            "HOME": str(self.home),
            "STACK": HOST,
        }
        environment = {
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.run(
            command,
            env={**environment, **given, **variables},
            user=user,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def backup(self, **variables: str) -> dict[str, Any]:
        """Make a backup; what the Job says last."""
        self.work()
        succeeded(self.shell(*DUMP, **variables))
        return dict(last(succeeded(self.store("put", **variables))))

    def fetch(self, name: str = "latest") -> subprocess.CompletedProcess[str]:
        self.work()
        done = self.store("fetch", BACKUP=name)
        for path in (self.home / "work").iterdir():
            give_to_postgres(path)
        return done

    def restore(self, name: str = "latest") -> subprocess.CompletedProcess[str]:
        succeeded(self.fetch(name))
        return self.pod(UNPACK, RESTORE)

    def drill(self, name: str = "latest") -> subprocess.CompletedProcess[str]:
        succeeded(self.fetch(name))
        return self.pod(UNPACK, LIVE, DRILL)

    def pod(self, *containers: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Containers of PostgreSQL's image, each once the one before has ended well; how the last one ended."""
        for scripts in containers:
            done = self.shell(*scripts)
            if done.returncode:
                break
        return done

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, and every object's definition."""
        tables = self.postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        rows = {name: self.postgres.query(f'SELECT * FROM public."{name}" ORDER BY 1') for (name,) in tables}  # noqa: S608
        objects = (
            "SELECT c.relname, c.relkind::text, pg_get_viewdef(c.oid) FROM pg_class c"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'S', 'r') ORDER BY 1"
        )
        return {
            **rows,
            "objects": [(name, kind, text if kind == "v" else "") for name, kind, text in self.postgres.query(objects)],
            "indexes": self.postgres.query("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"),
            "sequences": self.postgres.query("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"),
        }


def succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def last(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON document of the last line."""
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("backup-server"), "only-for-tests") as made:
        yield made


@pytest.fixture
def jobs(server: Postgres, tmp_path: Path) -> Jobs:
    """A database with all kinds of content, an empty store."""
    server.query("DROP DATABASE IF EXISTS flagsmith WITH (FORCE)", "postgres")
    server.query("CREATE DATABASE flagsmith", "postgres")
    server.query(SCHEMA)
    give_to_postgres(tmp_path)
    return Jobs(tmp_path, server)
