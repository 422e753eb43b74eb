"""Fixtures of the audit log: a real PostgreSQL that holds it, and an endpoint with exporters that ship it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.audit.collector import Collector, Exporters
from tests.components.audit.log import RECORDED, ROLE, Log
from tests.servers import Postgres, running_postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("audit-server"), "only-for-tests") as made:
        yield made


@pytest.fixture
def log(server: Postgres) -> Log:
    """The recorded log, and the role with its grants."""
    server.query("DROP DATABASE IF EXISTS flagsmith WITH (FORCE)", "postgres")
    server.query("CREATE DATABASE flagsmith", "postgres")
    if (ROLE,) not in server.query("SELECT rolname FROM pg_roles", "postgres"):
        server.query(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{server.password}'", "postgres")
    server.query(RECORDED.read_text(encoding="utf-8"))
    server.query("SELECT setval(pg_get_serial_sequence('audit_auditlog', 'id'), max(id)) FROM audit_auditlog")
    made = Log(server)
    made.grant()
    return made


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def exporters(log: Log, tmp_path: Path) -> Iterator[Exporters]:
    made = Exporters(log, tmp_path)
    yield made
    made.stop()
