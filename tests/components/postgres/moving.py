"""The Jobs of a move, as processes of this machine, and what an import leaves, for two real servers."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from components.postgres.cluster_roles import INITIAL_SQL
from components.postgres.move import SCRIPTS, SOURCES
from components.secrets.addresses import ADMINISTRATOR
from tests.components.postgres.conftest import PASSWORD, SCHEMA, Roles, drop_roles, succeeded
from tests.components.postgres.test_cluster_roles import OWNERS_PASSWORD, ClusterRoles
from tests.postgres_programs import as_postgres, postgres_programs
from tests.servers import LOOPBACK, Postgres, give_to_postgres

# As Flagsmith's own tables: nothing in them runs by itself.
FUNCTIONS = ("CREATE FUNCTION", "CREATE AGG", "CREATE PROC")
PLAIN = "\n".join(line for line in SCHEMA.splitlines() if not line.strip().startswith(FUNCTIONS))
MORE = """
    CREATE EXTENSION pg_trgm;
    CREATE INDEX found ON users USING gin (email gin_trgm_ops);
    INSERT INTO users (email, password, mood, size)
        SELECT n || '@example.com', md5(n::text), 'sad', n FROM generate_series(1, 500) n;
    INSERT INTO "Odd שם" (data) VALUES ((1, 2)), (NULL);
    INSERT INTO parts VALUES (1, '2026-03-01'), (2, '2026-04-01');
    SELECT nextval('alone'), nextval('alone');
    COMMENT ON TABLE users IS 'those who log in';
"""


@dataclass
class Move:
    """The Jobs `flagsmith-move`, from one server to the other."""

    home: Path
    embedded: Roles
    cluster: ClusterRoles
    to_cluster: bool = True

    def step(self, step: str, **variables: str) -> subprocess.CompletedProcess[str]:
        sides = (self.embedded, self.cluster) if self.to_cluster else (self.cluster, self.embedded)
        env: dict[str, str] = {
            "PATH": f"{postgres_programs(self.embedded.server.major)}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(self.home),
            "PGDATABASE": "flagsmith",
            "STEP": step,
            "DESCRIBE": (SCRIPTS / "describe-database.sql").read_text(encoding="utf-8"),
            "WAIT_SECONDS": "5",
        }
        for name, side in zip(("LIVE", "BESIDE"), sides, strict=True):
            is_cluster = side is self.cluster
            env |= {
                f"{name}_HOST": LOOPBACK,
                f"{name}_USER": ADMINISTRATOR if is_cluster else "postgres",
                f"{name}_PASSWORD": OWNERS_PASSWORD if is_cluster else PASSWORD,
                f"{name}_SSLMODE": "prefer",
                f"{name}_PORT": str(side.server.port),
            }
        # Within a cluster both servers have one port; here they differ.
        source = "\n".join((SCRIPTS / script).read_text(encoding="utf-8") for script in SOURCES)
        ported = source.replace("export PGHOST=${!host}", "port=${side}_PORT; export PGPORT=${!port} PGHOST=${!host}")
        assert ported != source
        return subprocess.run(
            as_postgres("bash", "-c", ported, "move"),
            env={**env, **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def found(self, step: str, **variables: str) -> dict[str, Any]:
        done = self.step(step, **variables)
        printed = succeeded(done)
        for secret in (PASSWORD, OWNERS_PASSWORD):
            assert secret not in printed
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def imported(self) -> None:
        """What the operator's import does: pg_dump as Flagsmith, pg_restore as the owner, for that time a superuser."""
        programs = postgres_programs(self.embedded.server.major)
        dump = self.home / "dump"
        subprocess.run(
            as_postgres(
                *(programs / "pg_dump", "-Fd", "-f", dump, "--exclude-schema=feature_flags_audit"),
                f"--dbname=postgresql://flagsmith_a:first@{LOOPBACK}:{self.embedded.server.port}/flagsmith",
            ),
            check=True,
        )
        target = self.cluster.server
        target.query(f"ALTER USER {ADMINISTRATOR} SUPERUSER", "postgres")
        subprocess.run(
            as_postgres(
                programs / "pg_restore",
                "--no-owner",
                "--no-privileges",
                f"--role={ADMINISTRATOR}",
                "-d",
                target.url(),
                dump,
            ),
            check=True,
        )
        target.query(f"ALTER USER {ADMINISTRATOR} NOSUPERUSER", "postgres")


def owners(roles: Roles) -> set[str]:
    """Who owns the tables and all that belongs to them; what an extension brought is its maker's."""
    query = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    return {name for (name,) in roles.server.query(query)}


def emptied(server: Postgres) -> None:
    for database in ("flagsmith", "flagsmith_moving", "flagsmith_before_move"):
        server.query(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", "postgres")
    drop_roles(server)
    server.query("CREATE DATABASE flagsmith", "postgres")


def both(tmp_path: Path, server: Postgres, second: Postgres) -> Move:
    """An embedded server with Flagsmith's tables, and a new Cluster's."""
    give_to_postgres(tmp_path)
    emptied(server)
    emptied(second)
    server.query(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'", "postgres")
    embedded = Roles(tmp_path, server)
    for statement in (PLAIN, MORE):
        server.query(statement)
    succeeded(embedded.make())
    embedded.ask("flagsmith_a", "first", "SELECT lo_from_bytea(4711, 'a large object')")
    with psycopg2.connect(second.url("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ADMINISTRATOR} LOGIN PASSWORD %s", (OWNERS_PASSWORD,))
    for statement in (*INITIAL_SQL, f"ALTER DATABASE flagsmith OWNER TO {ADMINISTRATOR}"):
        second.query(statement, "postgres")
    return Move(tmp_path, embedded, ClusterRoles(tmp_path, second))
