"""The bootstrap's script as its pod runs it: on a real PostgreSQL, with Django, and what stands in for Flagsmith."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.flagsmith.bootstrap import SCRIPT
from components.secrets.sdk_keys import APPLICATIONS
from tests.containers import DJANGO
from tests.recording import Recording, environment, record
from tests.servers import Postgres, running_postgres

TEMPLATE = "template_of_flagsmith"
DEPLOYED, OLDER = "template_of_a_deployed_stack", "template_of_an_older_release"
ENVIRONMENTS = ("development", "staging", "production")
EDGE = {"enabled": True}
TABLES = (
    "users_ffadminuser",
    "organisations_organisation",
    "organisations_userorganisation",
    "projects_project",
    "environments_environment",
    "environments_environmentapikey",
)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Pod:
    """What the Job's container is given: its variables, with the Secrets' contents."""

    variables: Mapping[str, str]
    generated: Mapping[str, str]

    def client(self, name: str) -> str:
        """The client key of an environment."""
        return self.variables[f"SDK_KEY_{ENVIRONMENTS.index(name)}_CLIENT"]

    def server(self, name: str, purpose: str = APPLICATIONS) -> str:
        """A server-side key of an environment."""
        return self.variables[f"SDK_KEY_{ENVIRONMENTS.index(name)}_{purpose.upper()}"]

    def given(self, **variables: str | None) -> "Pod":
        """The pod with other contents of its Secrets; None for a key that is not there."""
        both = {**self.variables, **variables}
        return replace(self, variables={name: value for name, value in both.items() if value is not None})

    @property
    def secrets(self) -> list[str]:
        """All that may not be in a log."""
        return [
            value
            for name, value in self.variables.items()
            if value and (name.startswith("SDK_KEY_") or name in {"ADMIN_PASSWORD", "ROLLOUTS_TOKEN"})
        ]


def pod_of(
    settings: Mapping[str, object],
    generated: Mapping[str, str] | None = None,
    theirs: Mapping[str, Mapping[str, str]] | None = None,
    job: str = "flagsmith-bootstrap-",
) -> Pod:
    """The pod of the stack `local` with these settings, what an earlier deployment generated, and people's Secrets."""
    recording = record("local", settings, generated=generated)
    template = recording.starting("Job", job)["spec"]["template"]
    variables = {
        name: value if isinstance(value, str) else _content(recording, theirs or {}, **value["secretKeyRef"])
        for name, value in environment(template).items()
        if name in {"BOOTSTRAP", "ADMIN_EMAIL", "ADMIN_PASSWORD"} or name.startswith(("SDK_KEY_", "ROLLOUTS_"))
    }
    return Pod(variables, recording.program.generated)


def _content(recording: Recording, theirs: Mapping[str, Mapping[str, str]], name: str, key: str, **_: object) -> str:
    if name in theirs:
        return theirs[name][key]
    return base64.b64decode(recording.one("Secret", name)["data"][key]).decode()


@dataclass
class Database:
    """A migrated database, and the script in its pod.

    Attributes:
        server: where it is.
        name: its name.
        script: the pod's.
        tables: what a script that refuses leaves as it is.
    """

    server: Postgres
    name: str
    script: Path = SCRIPT
    tables: tuple[str, ...] = TABLES

    def query(self, statement: str) -> list[Row]:
        return self.server.query(statement, self.name)

    @property
    def rows(self) -> dict[str, list[Row]]:
        """Everything that is in it."""
        return {table: self.query(f"SELECT * FROM {table} ORDER BY 1") for table in self.tables}  # noqa: S608

    @property
    def clients(self) -> dict[str, str]:
        """The client keys of the environments that are not deleted, by name."""
        return dict(
            self.query("SELECT name, api_key FROM environments_environment WHERE deleted_at IS NULL ORDER BY id")
        )

    def servers(self, name: str) -> dict[str, Any]:
        """The server-side keys of an environment, with when they end."""
        found = self.query(
            "SELECT e.name, key, expires_at FROM environments_environmentapikey AS k"
            " JOIN environments_environment AS e ON e.id = environment_id WHERE active AND deleted_at IS NULL"
        )
        return {key: until for owner, key, until in found if owner == name}

    def start(self, pod: Pod) -> "subprocess.Popen[str]":
        """The script, started."""
        return subprocess.Popen(
            [sys.executable, str(self.script)],
            env={**_django(self.server, self.name), **pod.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, pod: Pod) -> str:
        """What the script prints, which never has a secret in it, and ends well."""
        return self._ended(pod, 0)

    def refuses(self, pod: Pod) -> str:
        """The message of a script that ends otherwise, and leaves everything as it was."""
        before = self.rows
        said = self._ended(pod, 1)
        assert self.rows == before
        assert "Traceback" not in said
        (message,) = (part for part in said.split("Nothing is changed: ")[1:])
        return message

    def _ended(self, pod: Pod, code: int) -> str:
        process = self.start(pod)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == code, said
        assert not [secret for secret in pod.secrets if secret in said]
        return said


def _django(server: Postgres, database: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(DJANGO),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "project.flagsmith",
        "DATABASE_URL": server.url(database),
    }


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server with a migrated database to copy."""
    with running_postgres(tmp_path_factory.mktemp("bootstrap"), "only-for-tests") as made:
        made.query(f"CREATE DATABASE {TEMPLATE}", "postgres")
        migrate = [sys.executable, "manage.py", "migrate", "--run-syncdb", "--no-input", "--verbosity", "0"]
        subprocess.run(migrate, cwd=DJANGO, env=_django(made, TEMPLATE), check=True, timeout=120)
        yield made


@contextmanager
def copy_of(original: str, server: Postgres, home: Path) -> Iterator[Database]:
    """A copy of a database, until the test that has `home` ends."""
    name = f"of_{home.name.lower().replace('-', '_')}"
    server.query(f'CREATE DATABASE "{name}" TEMPLATE {original}', "postgres")
    yield Database(server, name)
    server.query(f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")


def template(server: Postgres, name: str, of: str = TEMPLATE) -> Database:
    """A database to copy, which begins as a copy of another one."""
    server.query(f"CREATE DATABASE {name} TEMPLATE {of}", "postgres")
    return Database(server, name)


@pytest.fixture
def database(server: Postgres, tmp_path: Path) -> Iterator[Database]:
    """A fresh database, as a migration leaves it."""
    with copy_of(TEMPLATE, server, tmp_path) as made:
        yield made


@pytest.fixture(scope="package")
def first_deployment(server: Postgres) -> str:
    """A database to copy, as the first deployment of `pod` leaves it."""
    made = template(server, DEPLOYED)
    made.run(pod_of({"edge": EDGE}))
    return made.name


@pytest.fixture
def deployed(first_deployment: str, server: Postgres, tmp_path: Path) -> Iterator[Database]:
    """A database as the first deployment of `pod` leaves it."""
    with copy_of(first_deployment, server, tmp_path) as made:
        yield made


@pytest.fixture(scope="package")
def older_release(server: Postgres) -> str:
    """A database to copy, as a release without keys left it."""
    made = template(server, OLDER)
    made.run(pod_of({"sdkKeys": {"environments": []}}))
    return made.name


@pytest.fixture
def older(older_release: str, server: Postgres, tmp_path: Path) -> Iterator[Database]:
    """What a release without keys left: environments with client keys of Flagsmith's own making."""
    with copy_of(older_release, server, tmp_path) as made:
        yield made


@pytest.fixture
def pod() -> Pod:
    """That of a new stack with an edge, which has server-side keys of its own."""
    return pod_of({"edge": EDGE})


def add(database: Database, environment: str, key: str, name: str) -> None:
    """A server-side key that was not made by the bootstrap."""
    database.query(
        "INSERT INTO environments_environmentapikey (environment_id, key, name, active, created_at)"  # noqa: S608
        f" SELECT id, '{key}', '{name}', true, now() FROM environments_environment WHERE name = '{environment}'"
    )


def rotated(pod: Pod, **settings: object) -> Pod:
    """That of the same stack with its server-side keys renewed."""
    return pod_of({"edge": EDGE, "rotations": {"sdk": 1}, **settings}, pod.generated)
