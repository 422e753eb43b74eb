"""Databases and roles that many tests begin with, made once for a server and copied; and an attacker on such ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg2.errors import UndefinedObject

from components.postgres.roles import grants
from tests.components.postgres.attacker import Attacker, flagsmith_tables
from tests.components.postgres.conftest import Roles, emptied, succeeded
from tests.servers import Postgres, give_to_postgres

PREPARED = "prepared"
# What belongs to the server and so is in no copy of a database: its roles with all they have, and who may connect.
SHARED = """
    SELECT 'role', r::text FROM pg_authid r UNION ALL SELECT 'member', m::text FROM pg_auth_members m
    UNION ALL SELECT 'setting', s::text FROM pg_db_role_setting s
    UNION ALL SELECT 'access', format('%s %s', datdba, datacl) FROM pg_database WHERE datname = 'flagsmith'
    ORDER BY 1, 2
"""


@dataclass
class Prepared:
    """A database and roles that tests of one server begin with: made once, and copied where all is as it was then.

    Attributes:
        server: the server.
        make: makes them of the roles of an empty server.
    """

    server: Postgres
    make: Callable[[Roles], None]
    shared: list[tuple[object, ...]] = field(default_factory=list)
    passwords: str = ""
    access: str = ""

    def begin(self, home: Path) -> Roles:
        """They, as `make` made them."""
        if self.shared and self._copied():
            give_to_postgres(home)
            return Roles(home, self.server)
        self.shared = []
        found = emptied(self.server, home)
        self.make(found)
        self._keep()
        return found

    def _keep(self) -> None:
        self.shared = self.server.query(SHARED, "postgres")
        # The Job that makes the roles sets the same passwords again, which the server keeps with another salt.
        ((self.passwords,),) = self.server.query(
            "SELECT string_agg(format('ALTER ROLE %I PASSWORD %L', rolname, rolpassword), ';') FROM pg_authid"
            " WHERE rolname !~ '^pg_'",
            "postgres",
        )
        ((self.access,),) = self.server.query(
            "SELECT 'REVOKE ALL ON DATABASE flagsmith FROM PUBLIC;'"
            " || string_agg(format('GRANT %s ON DATABASE flagsmith TO %s', privilege_type, grantee::regrole), ';')"
            " FROM pg_database, aclexplode(datacl) WHERE datname = 'flagsmith' AND grantee <> datdba",
            "postgres",
        )
        self._copy("flagsmith", PREPARED)

    def _copied(self) -> bool:
        self.server.query("DROP DATABASE IF EXISTS flagsmith WITH (FORCE)", "postgres")
        try:
            self._copy(PREPARED, "flagsmith")
            self.server.query(f"{self.passwords}; {self.access}", "postgres")
        except UndefinedObject:  # a role is gone
            return False
        return self.server.query(SHARED, "postgres") == self.shared

    def _copy(self, source: str, target: str) -> None:
        ((version,),) = self.server.query("SHOW server_version_num", "postgres")
        # As releases before 15 do it, which do not know the word.
        by_files = "STRATEGY file_copy" if int(version) >= 150_000 else ""
        self.server.query(f"CREATE DATABASE {target} TEMPLATE {source} OWNER flagsmith {by_files}", "postgres")


def migrated(roles: Roles) -> None:
    """The roles, and a database that Flagsmith has migrated."""
    succeeded(roles.make())
    flagsmith_tables(roles)


def with_grants(roles: Roles) -> None:
    """The same, and the readers have their grants."""
    migrated(roles)
    succeeded(roles.grant(grants()))


@contextmanager
def attacking(prepared: Prepared, home: Path, statements: str) -> Iterator[Attacker]:
    """The attacker, who has run some statements in what was prepared."""
    roles = prepared.begin(home)
    made = Attacker(roles, home / "stolen")
    made.do(statements)
    yield made
    roles.server.query("ALTER DATABASE flagsmith RESET ALL", "postgres")
