"""The exporter of flag metrics, on a real PostgreSQL, with the role and the grants it has in a stack."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from components.flag_metrics.flag_metrics import SCRIPTS
from components.postgres import roles
from tests.in_pod import importable
from tests.servers import LOOPBACK, Postgres, running_postgres

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
PASSWORD = "secret-of-the-reader"
DIRECTORY = SCRIPTS[0].parent
GRANTS = (roles.SCRIPTS / "grants-analytics.sql").read_text(encoding="utf-8")
CONTENT = """
    INSERT INTO projects_project VALUES (1, 'shop');
    INSERT INTO environments_environment (id, name, api_key) VALUES (1, 'production', 'key-1'), (2, 'staging', 'key-2');
    INSERT INTO features_feature (id, name) VALUES (1, 'checkout'), (2, 'export');
    INSERT INTO features_featurestate (id, environment_id, feature_id, enabled)
        VALUES (11, 1, 1, false), (12, 1, 2, true), (21, 2, 1, true), (22, 2, 2, false);
"""


def url_of(server: Postgres) -> str:
    return f"postgresql://flagsmith_analytics:{PASSWORD}@{LOOPBACK}:{server.port}/flagsmith"


def insert(server: Postgres, table: str, **values: object) -> None:
    """A row."""
    literals = ["NULL" if value is None else "'" + str(value).replace("'", "''") + "'" for value in values.values()]
    server.query(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(literals)})")  # noqa: S608


@dataclass(frozen=True)
class Metrics:
    """A scrape, read by the parser of Prometheus' own client."""

    text: str

    def all(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of that name by the values of their labels, in the order of the labels' names."""
        return {
            tuple(sample.labels[key] for key in sorted(sample.labels)): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
            if sample.name == name
        }

    def one(self, name: str) -> float:
        (value,) = self.all(name).values()
        return value

    def evaluations(self, feature: str = "checkout", environment: str = "production") -> float:
        return self.all("flagsmith_feature_evaluations_total")[environment, feature, "shop"]


@dataclass
class Exporter:
    """An exporter that takes its turns when it is told to."""

    real: Any

    def turn(self, times: int = 1) -> Metrics:
        for _ in range(times):
            self.real.collect_all()
        return self.scrape()

    def scrape(self) -> Metrics:
        registry = CollectorRegistry()
        registry.register(self.real)
        return Metrics(generate_latest(registry).decode())


@pytest.fixture(scope="session", autouse=True)
def _scripts() -> Iterator[None]:
    """The scripts import one another by name, as those of a directory do."""
    with importable(DIRECTORY):
        yield


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("flag-metrics"), "only-for-tests") as made:
        made.query(f"CREATE ROLE flagsmith_analytics LOGIN PASSWORD '{PASSWORD}'")
        yield made


@pytest.fixture
def server(postgres: Postgres) -> Postgres:
    """A database with two environments and two features, as the grants leave it."""
    postgres.start()
    postgres.query("DROP DATABASE IF EXISTS flagsmith WITH (FORCE)", "postgres")
    postgres.query("CREATE DATABASE flagsmith", "postgres")
    postgres.query(SCHEMA + CONTENT)
    postgres.query(GRANTS)
    return postgres


def new_exporter(server: Postgres, *, sample: int = 500, interval: int = 60) -> Exporter:
    """A started exporter is a new one: it knows nothing of what another counted."""
    return Exporter(importlib.import_module("flag_metrics").Exporter(url_of(server), interval, sample))


@pytest.fixture
def exporter(server: Postgres) -> Exporter:
    return new_exporter(server)
