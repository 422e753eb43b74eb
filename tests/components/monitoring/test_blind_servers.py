"""The exporters of the data tier, when their server answers and they cannot read: what they say then fires an alert."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.components.monitoring.alerts.promtool import rules_of
from tests.components.monitoring.conftest import MonitoredRedis
from tests.components.monitoring.exporters import running, source
from tests.components.monitoring.prometheus import fires_by_promtool
from tests.fixtures_cluster import eventually
from tests.servers import Postgres

OF_POSTGRES = ("FlagsmithDatabaseDown", "FlagsmithDatabaseMetricsBlind")


@pytest.fixture
def promtool(program: Callable[[str, str], str]) -> str:
    return program("promtool", "prometheus")


def fires(promtool: str, place: Path, said: str, *names: str) -> set[str]:
    """Which of these rules fire when the exporter goes on saying this."""
    rules = [rules_of("production")[name] for name in names]
    return fires_by_promtool(promtool, place, rules, {"exporter": said})


def test_a_postgres_exporter_that_cannot_read_everything_fires(
    postgres: Postgres, exporter_user: str, promtool: str, tmp_path: Path
) -> None:
    with running("postgres-exporter", source(postgres), exporter_user) as client:
        assert fires(promtool, tmp_path, client.get("/metrics").text, *OF_POSTGRES) == set()
        # Long enough to connect, and too short for what it asks.
        postgres.query("ALTER ROLE flagsmith_metrics SET statement_timeout = '1ms'")
        postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'flagsmith_metrics'")

        said: list[str] = []

        def it_is_connected_and_cannot_read() -> bool:
            said.append(client.get("/metrics").text)
            return "\npg_up 1\n" in said[-1] and "\npg_exporter_last_scrape_error 1\n" in said[-1]

        eventually(it_is_connected_and_cannot_read)
        assert fires(promtool, tmp_path, said[-1], *OF_POSTGRES) == {"FlagsmithDatabaseMetricsBlind"}


def test_a_postgres_exporter_that_may_not_log_in_fires(
    postgres: Postgres, exporter_user: str, promtool: str, tmp_path: Path
) -> None:
    with running("postgres-exporter", source(postgres), exporter_user) as client:
        postgres.query("ALTER ROLE flagsmith_metrics NOLOGIN")
        postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'flagsmith_metrics'")

        def it_cannot_log_in() -> bool:
            return "\npg_up 0\n" in client.get("/metrics").text

        eventually(it_cannot_log_in)
        assert fires(promtool, tmp_path, client.get("/metrics").text, *OF_POSTGRES) == {"FlagsmithDatabaseDown"}


@pytest.mark.parametrize("rights", ["-info", "off"], ids=["no INFO", "no log-in"])
def test_a_redis_exporter_that_may_not_read_fires(
    monitored_redis: MonitoredRedis, promtool: str, tmp_path: Path, rights: str
) -> None:
    with running("redis-exporter", monitored_redis.environment()) as exporter, monitored_redis.client() as client:
        assert fires(promtool, tmp_path, exporter.get("/metrics").text, "FlagsmithRedisDown") == set()
        client.execute_command("ACL", "SETUSER", "metrics", rights)
        client.execute_command("CLIENT", "KILL", "USER", "metrics")
        # Its two series say the same, so that one rule is enough.
        text = exporter.get("/metrics").text
        assert "\nredis_up 0\n" in text
        assert 'redis_exporter_last_scrape_error{err="' in text
        assert fires(promtool, tmp_path, text, "FlagsmithRedisDown") == {"FlagsmithRedisDown"}
