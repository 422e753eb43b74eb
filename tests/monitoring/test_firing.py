"""The alerts of the data tier, fired by real faults: Prometheus scrapes exporters of a real PostgreSQL and Redis."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import yaml

from tests.fixtures_cluster import eventually
from tests.monitoring.conftest import MonitoredRedis
from tests.monitoring.exporters import running
from tests.monitoring.test_exporters import source
from tests.recording import record
from tests.servers import LOOPBACK, Postgres, free_port

WANTED = ("FlagsmithRedisDown", "FlagsmithDatabaseDown", "FlagsmithConnections")


def rules() -> dict[str, Any]:
    """The rules of production that are tried here, at once instead of after minutes."""
    made = record("production", {"apiVersions": ["monitoring.coreos.com/v1"]}).one("PrometheusRule", "flagsmith")
    found = [rule for group in made["spec"]["groups"] for rule in group["rules"] if rule["alert"] in WANTED]
    assert len(found) == len(WANTED)
    at_once = [{key: value for key, value in rule.items() if key != "for"} for rule in found]
    return {"groups": [{"name": "data-tier", "interval": "1s", "rules": at_once}]}


@pytest.fixture
def firing(
    postgres: Postgres,
    monitored_redis: MonitoredRedis,
    exporter_user: str,
    program: Callable[[str, str], str],
    tmp_path: Path,
) -> Iterator[Callable[[], set[str]]]:
    """A Prometheus that has scraped both exporters; which alerts it says fire."""
    prometheus = program("prometheus", "prometheus")
    with ExitStack() as stack:
        user = exporter_user if os.geteuid() == 0 else None
        exporters = {
            "database": stack.enter_context(running("postgres-exporter", source(postgres), user)),
            "cache": stack.enter_context(running("redis-exporter", monitored_redis.environment())),
        }
        static = [
            {
                "targets": [f"{client.base_url.host}:{client.base_url.port}"],
                "labels": {"namespace": "feature-flags", "component": component},
            }
            for component, client in exporters.items()
        ]
        # The exporter tries thrice to reach a server that is away: it needs some seconds to say so.
        configuration = {
            "global": {"scrape_interval": "5s", "scrape_timeout": "5s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "flagsmith", "static_configs": static}],
        }
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()), encoding="utf-8")
        (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
        port = free_port()
        command = [
            prometheus,
            f"--config.file={tmp_path / 'prometheus.yaml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(process.wait, timeout=30)
        stack.callback(process.terminate)
        client = stack.enter_context(httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False, timeout=10))

        def names() -> set[str]:
            alerts = client.get("/api/v1/alerts").json()["data"]["alerts"]
            return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

        def both_servers_are_seen_as_up() -> bool:
            try:
                answer = client.get("/api/v1/query", params={"query": "pg_up == 1 and on () redis_up == 1"})
            except httpx.TransportError:
                return False
            return answer.is_success and bool(answer.json()["data"]["result"])

        def nothing_fires() -> bool:
            return names() == set()

        eventually(both_servers_are_seen_as_up, seconds=60)
        # Before the first scrape both were missing: the rules, which do not wait here, say so.
        eventually(nothing_fires, seconds=60)
        yield names


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
