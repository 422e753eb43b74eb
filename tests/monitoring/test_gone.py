"""A database that is gone with its exporter, or frozen: real servers, exporters, and a Prometheus that sees nothing."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.alerts.promtool import rules
from tests.fixtures_cluster import eventually
from tests.monitoring.conftest import MonitoredRedis
from tests.monitoring.exporters import running
from tests.monitoring.prometheus import Prometheus, watching
from tests.monitoring.test_exporters import source
from tests.servers import Postgres

WANTED = ("FlagsmithDatabaseDown", "FlagsmithRedisDown")


@contextmanager
def watched(
    exporters: ExitStack, program: str, place: Path, servers: tuple[Postgres, MonitoredRedis], user: str | None
) -> Iterator[Prometheus]:
    """A Prometheus that has scraped both exporters, which run until `exporters` is closed."""
    postgres, redis = servers
    clients = {
        "database": exporters.enter_context(running("postgres-exporter", source(postgres), user)),
        "cache": exporters.enter_context(running("redis-exporter", redis.environment())),
    }
    targets = {name: f"{client.base_url.host}:{client.base_url.port}" for name, client in clients.items()}
    with watching(program, place, [rules()[name] for name in WANTED], targets, seconds=5) as prometheus:

        def both_are_seen_and_nothing_fires() -> bool:
            return bool(prometheus.ask("pg_up == 1 and on () redis_up == 1")) and prometheus.firing() == set()

        eventually(both_are_seen_and_nothing_fires, seconds=60)
        yield prometheus


def test_alerts_go_on_when_the_exporters_go_with_their_servers(
    postgres: Postgres,
    monitored_redis: MonitoredRedis,
    exporter_user: str,
    program: Callable[[str, str], str],
    tmp_path: Path,
) -> None:
    user = exporter_user if os.geteuid() == 0 else None
    with (
        ExitStack() as exporters,
        watched(
            exporters, program("prometheus", "prometheus"), tmp_path, (postgres, monitored_redis), user
        ) as prometheus,
    ):
        postgres.stop()
        monitored_redis.stop()

        def both_fire() -> bool:
            return prometheus.firing() == set(WANTED)

        eventually(both_fire, seconds=60)
        since = prometheus.ask('ALERTS_FOR_STATE{alertname=~"Flagsmith.*"}')
        assert len(since) == len(WANTED)
        exporters.close()

        def nothing_is_seen() -> bool:
            return not prometheus.ask("pg_up or redis_up") and not prometheus.ask("up == 1")

        eventually(nothing_is_seen, seconds=60)
        (moment,) = {item["value"][0] for item in prometheus.ask("vector(0)")}

        def the_rules_were_evaluated_since() -> bool:
            return bool(prometheus.ask(f"timestamp(count(ALERTS)) > {moment + 2}"))

        eventually(the_rules_were_evaluated_since, seconds=60)
        assert both_fire()
        now = prometheus.ask('ALERTS_FOR_STATE{alertname=~"Flagsmith.*"}')
        # The same alerts since the same time: none ended and began anew.
        assert {item["value"][1] for item in now} == {item["value"][1] for item in since}


def test_a_database_that_is_frozen_answers_no_scrape_and_fires(
    postgres: Postgres,
    monitored_redis: MonitoredRedis,
    exporter_user: str,
    program: Callable[[str, str], str],
    tmp_path: Path,
) -> None:
    user = exporter_user if os.geteuid() == 0 else None
    main = int((postgres.home / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    with (
        ExitStack() as exporters,
        watched(
            exporters, program("prometheus", "prometheus"), tmp_path, (postgres, monitored_redis), user
        ) as prometheus,
    ):
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(main)], capture_output=True, text=True, check=True)
        processes = [main, *map(int, found.stdout.split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:

            def the_alert_fires() -> bool:
                return prometheus.firing() == {"FlagsmithDatabaseDown"}

            eventually(the_alert_fires, seconds=60)
        finally:
            for process in reversed(processes):
                os.kill(process, signal.SIGCONT)

        def nothing_fires() -> bool:
            return prometheus.firing() == set()

        eventually(nothing_fires, seconds=90)


@pytest.mark.parametrize("name", WANTED)
def test_the_rules_that_are_tried_wait_for_minutes_in_a_stack(name: str) -> None:
    assert rules()[name]["for"] == "2m"
