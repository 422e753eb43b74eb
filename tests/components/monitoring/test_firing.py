"""The alerts of the data tier, fired by real faults: Prometheus scrapes exporters of a real PostgreSQL and Redis."""

from collections.abc import Callable

import psycopg2
import pytest

from tests.components.monitoring.conftest import MonitoredRedis, Watched
from tests.fixtures_cluster import eventually
from tests.servers import Postgres

WANTED = ("FlagsmithRedisDown", "FlagsmithDatabaseDown", "FlagsmithConnections")


@pytest.fixture
def firing(watched: Watched) -> Callable[[], set[str]]:
    """Which alerts fire, of servers that were seen as up."""
    return watched.prometheus.firing


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
