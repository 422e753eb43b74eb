"""The alerts of the data tier, fired by real faults: Prometheus scrapes exporters of a real PostgreSQL and Redis."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest

from tests.fixtures_cluster import eventually
from tests.monitoring.conftest import MonitoredRedis
from tests.monitoring.exporters import running
from tests.monitoring.prometheus import Rule, watching
from tests.monitoring.test_exporters import source
from tests.recording import record
from tests.servers import Postgres

WANTED = ("FlagsmithRedisDown", "FlagsmithDatabaseDown", "FlagsmithConnections")


def rules() -> list[Rule]:
    """The rules of production that are tried here."""
    made = record("production", {"apiVersions": ["monitoring.coreos.com/v1"]}).one("PrometheusRule", "flagsmith")
    found = [rule for group in made["spec"]["groups"] for rule in group["rules"] if rule["alert"] in WANTED]
    assert len(found) == len(WANTED)
    return found


@pytest.fixture
def firing(
    postgres: Postgres,
    monitored_redis: MonitoredRedis,
    exporter_user: str,
    program: Callable[[str, str], str],
    tmp_path: Path,
) -> Iterator[Callable[[], set[str]]]:
    """A Prometheus that has scraped both exporters; which alerts it says fire."""
    with ExitStack() as stack:
        user = exporter_user if os.geteuid() == 0 else None
        exporters = {
            "database": stack.enter_context(running("postgres-exporter", source(postgres), user)),
            "cache": stack.enter_context(running("redis-exporter", monitored_redis.environment())),
        }
        targets = {name: f"{client.base_url.host}:{client.base_url.port}" for name, client in exporters.items()}
        # The exporter tries thrice to reach a server that is away: it needs some seconds to say so.
        prometheus = stack.enter_context(
            watching(program("prometheus", "prometheus"), tmp_path, rules(), targets, seconds=5)
        )

        def both_servers_are_seen_as_up() -> bool:
            return bool(prometheus.ask("pg_up == 1 and on () redis_up == 1"))

        def nothing_fires() -> bool:
            return prometheus.firing() == set()

        eventually(both_servers_are_seen_as_up, seconds=60)
        # Before the first scrape both were missing: the rules, which do not wait here, say so.
        eventually(nothing_fires, seconds=60)
        yield prometheus.firing


def test_a_redis_that_is_stopped_fires_its_alert_alone(
    firing: Callable[[], set[str]], monitored_redis: MonitoredRedis
) -> None:
    assert firing() == set()
    monitored_redis.stop()

    def the_alert_of_redis_fires() -> bool:
        return firing() == {"FlagsmithRedisDown"}

    eventually(the_alert_of_redis_fires, seconds=60)


def test_connections_above_the_share_fire_and_their_end_ends_it(
    firing: Callable[[], set[str]], postgres: Postgres
) -> None:
    # Of the test's server's 40.
    held = [psycopg2.connect(postgres.url()) for _ in range(32)]

    def the_alert_of_connections_fires() -> bool:
        return firing() == {"FlagsmithConnections"}

    def nothing_fires() -> bool:
        return firing() == set()

    try:
        eventually(the_alert_of_connections_fires, seconds=60)
    finally:
        for connection in held:
            connection.close()
    eventually(nothing_fires, seconds=60)


def test_a_database_that_is_stopped_fires_its_alert(firing: Callable[[], set[str]], postgres: Postgres) -> None:
    postgres.stop()

    def the_alert_of_the_database_fires() -> bool:
        return "FlagsmithDatabaseDown" in firing()

    eventually(the_alert_of_the_database_fires, seconds=60)
