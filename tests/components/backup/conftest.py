"""The scripts of the backup Jobs, run as their containers run them, against a real PostgreSQL."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.backup.containers import DRILL, DUMP, LIVE, PIPES, RESTORE, SCRIPTS, UNPACK
from flagops.commands.db.backups.restore import RECEIVE
from tests.components.backup.running import Container, Done, last, pod, succeeded
from tests.postgres_programs import as_user, postgres_programs, postgres_user
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


# What takes all of a backup that store_backups.py fetches, in the place of unpack-dump.sh.
DRAIN = (
    "bash",
    "-c",
    (SCRIPTS / PIPES).read_text(encoding="utf-8") + "open_pipe stored reader; exec cat <&6 >/dev/null",
)


@dataclass
class Jobs:
    """The containers of the backup Jobs, each a process of this machine; those of a pod share a work directory.

    Attributes:
        home: where their directories are.
        postgres: the server.
        environment: what they have beside what is theirs.
        part: how large the parts of an upload are, at least 5 MiB, as store_backups.py says it.
        rounds: what making a key of the passphrase takes: a quarter of a second, for those of the scripts.
    """

    home: Path
    postgres: Postgres
    environment: dict[str, str] = field(default_factory=dict)
    part: str = "64 * MIB"
    rounds: int = 600_000

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

    def shell(self, *scripts: str, **variables: str) -> Container:
        """A container of PostgreSQL's image."""
        source = "\n".join((SCRIPTS / name).read_text(encoding="utf-8") for name in scripts)
        stated = "-iter 600000 "
        assert source.count(stated) == source.count("-iter") == len(SECRETS["BACKUP_PASSPHRASE"] & set(scripts))
        source = source.replace(stated, f"-iter {self.rounds} ")
        given = {"PATH": f"{self.programs}:{os.environ['PATH']}"}
        if "database-url.sh" in scripts:
            given["DATABASE_URL"] = self.postgres.url()
        given |= self.environment | variables
        for name, those in SECRETS.items():
            if not those & set(scripts):
                given.pop(name, None)
        return self.start(["bash", "-c", source, scripts[-1]], given, postgres_user())

    def store(self, action: str, **variables: str) -> Done:
        """A container of Flagsmith's image, that runs by itself."""
        return self.storing(action, **variables).ended()

    def storing(self, action: str, **variables: str) -> Container:
        """A container of Flagsmith's image."""
        source = (SCRIPTS / "store_backups.py").read_text(encoding="utf-8")
        stated = "PART_BYTES = 64 * MIB\n"
        assert stated in source
        source = source.replace(stated, f"PART_BYTES = {self.part}\n")
        return self.start([sys.executable, "-c", source, action], self.environment | variables, None)

    def run(self, command: Sequence[str], variables: dict[str, str], user: str | None) -> Done:
        """A container that runs by itself."""
        return self.start(command, variables, user).ended()

    def start(self, command: Sequence[str], variables: dict[str, str], user: str | None) -> Container:
        work = self.home / "work"
        given = {
            "WORK": str(work),
            "STORE": str(self.home / "store"),
            "KEEP": "3",
            "HOME": str(self.home),
            "STACK": HOST,
            "SCRATCH": str(self.home / "scratch"),
        }
        environment = {
            "PATH": os.environ["PATH"],
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
        }
        return Container(
            subprocess.Popen(
                as_user(user, *command),
                env={**environment, **given, **variables},
                # In a pod all are the same user.
                umask=0,
                cwd=work,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )

    def backup(self, **variables: str) -> dict[str, Any]:
        """Make a backup; what the Job says last."""
        self.work()
        return dict(last(succeeded(pod(self.shell(*DUMP, **variables), self.storing("put", **variables)))))

    def fetch(self, name: str = "latest") -> Done:
        """Bring a backup to where nobody uses it; how the container that fetches ended."""
        self.work()
        drain = self.start(DRAIN, {}, postgres_user())
        done = self.storing("fetch", BACKUP=name).ended()
        drain.kill()
        drain.ended()
        return done

    def restore(self, name: str = "latest", **variables: str) -> Done:
        self.work()
        return pod(*self.fetched(name, **variables), self.shell(*RESTORE))

    def drill(self, name: str = "latest", scripts: Sequence[str] = DRILL) -> Done:
        self.work()
        shutil.rmtree(self.home / "scratch", ignore_errors=True)
        (self.home / "scratch").mkdir()
        give_to_postgres(self.home / "scratch")
        live = self.shell(*LIVE).ended()
        return live if live.returncode else pod(*self.fetched(name), self.shell(*scripts))

    def upload(self, content: bytes, size: int | None = None) -> Done:
        """Restore a file from elsewhere, sent as `ff` sends it."""
        work, sent = self.work(), self.home / "sent"
        sent.write_bytes(content)
        sha256, length = hashlib.sha256(content).hexdigest(), str(size or len(content))
        told = {"UPLOAD_FILE": "uploaded.dump", "UPLOAD_BYTES": length, "UPLOAD_SHA256": sha256}
        containers = *self.fetched("upload", **told), self.shell(*RESTORE)
        receive = RECEIVE.format(size=length)
        given = {**os.environ, "WORK": str(work)}
        # A container that has ended takes no more, and nobody reads then.
        once = f"({receive}) <{sent} && ({receive}) <{sent}"
        sending = subprocess.Popen(["sh", "-c", once], env=given, start_new_session=True, text=True)
        done = pod(*containers)
        sender = Container(sending)
        with suppress(ProcessLookupError):
            sender.kill()
        sending.wait()
        return done

    def fetched(self, name: str, **variables: str) -> tuple[Container, Container]:
        """What brings a backup to who restores it."""
        return self.storing("fetch", BACKUP=name, **variables), self.shell(*UNPACK)

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
