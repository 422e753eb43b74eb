"""A database that is gone with its exporter, or frozen: real servers, exporters, and a Prometheus that sees nothing."""

import os
import signal
import subprocess

import pytest

from tests.components.monitoring.alerts.promtool import rules
from tests.components.monitoring.conftest import MonitoredRedis, Watched
from tests.fixtures_cluster import eventually
from tests.servers import Postgres

WANTED = ("FlagsmithDatabaseDown", "FlagsmithRedisDown")


def test_alerts_go_on_when_the_exporters_go_with_their_servers(
    watched: Watched, postgres: Postgres, monitored_redis: MonitoredRedis
) -> None:
    prometheus = watched.prometheus
    postgres.stop()
    monitored_redis.stop()

    def both_fire() -> bool:
        return prometheus.firing() == set(WANTED)

    eventually(both_fire, seconds=60)
    since = prometheus.ask('ALERTS_FOR_STATE{alertname=~"Flagsmith.*"}')
    assert len(since) == len(WANTED)
    watched.exporters.close()

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


def test_a_database_that_is_frozen_answers_no_scrape_and_fires(watched: Watched, postgres: Postgres) -> None:
    prometheus = watched.prometheus
    main = int((postgres.home / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
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
