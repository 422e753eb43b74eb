"""`ff cache`, against a real Redis."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from tests.containers import PASSWORD, Containers

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("instance")]
Run = Callable[..., Result]


def fill(cache: Containers) -> None:
    for database, keys in ((1, 3), (2, 2)):
        with cache.redis.client(database) as client:
            for number in range(keys):
                client.set(f"key-{number}", "value")


def test_info_counts_the_keys_of_each_cache(cache: Containers, run: Run) -> None:
    fill(cache)
    found = json.loads(run("cache", "info", "--json").stdout)
    assert found["caches"]["flags"] == {"database": 1, "keys": 3}
    assert found["caches"]["identities"] == {"database": 2, "keys": 2}
    assert "of 0 MiB" in run("cache", "info").stdout


def test_flush_names_and_drops_the_chosen_cache_alone(cache: Containers, run: Run) -> None:
    fill(cache)
    shown = run("cache", "flush", "flags", "--yes")
    assert shown.exit_code == 0
    assert "flags (3 keys, database 1)" in shown.stderr
    assert "identities" not in shown.stderr
    assert "Dropped 3 keys." in shown.stdout
    found = json.loads(run("cache", "info", "--json").stdout)["caches"]
    assert (found["flags"]["keys"], found["identities"]["keys"]) == (0, 2)


def test_flush_asks_and_drops_nothing_without_an_answer(cache: Containers, run: Run) -> None:
    fill(cache)
    shown = run("cache", "flush")
    assert shown.exit_code == 1
    assert "flags (3 keys, database 1), identities (2 keys, database 2)" in shown.stderr
    assert "Add --yes" in shown.stderr
    with cache.redis.client(1) as client:
        assert client.dbsize() == 3


def test_an_unknown_cache_is_refused_with_those_there_are(run: Run) -> None:
    shown = run("cache", "flush", "environment", "--yes")
    assert shown.exit_code == 1
    assert "There is no cache 'environment' in Redis; there are: flags, identities" in shown.stderr


def test_latency_shows_round_trips_and_remembered_events(cache: Containers, run: Run) -> None:
    with cache.redis.client() as client:
        client.config_set("latency-monitor-threshold", 1)
        client.eval("local n = 0; for i = 1, 5000000 do n = n + i end return n", 0)
    shown = run("cache", "latency")
    assert shown.exit_code == 0, shown.stderr
    assert "50 round trips: median" in shown.stdout
    assert "command: " in shown.stdout
    found = json.loads(run("cache", "latency", "--json").stdout)
    assert found["events"]["command"][0]["milliseconds"] >= 1


def test_a_redis_that_is_down_is_said_so_without_its_password(cache: Containers, run: Run) -> None:
    cache.redis.stop()
    shown = run("cache", "info")
    assert shown.exit_code == 1
    assert "Redis does not answer" in shown.stderr
    assert PASSWORD not in shown.stdout + shown.stderr


def test_a_refused_password_is_told_from_a_redis_that_is_down(cache: Containers, run: Run) -> None:
    with cache.redis.client() as client:
        client.config_set("requirepass", "another")
        try:
            shown = run("cache", "info")
        finally:
            client.config_set("requirepass", PASSWORD)
    assert shown.exit_code == 1
    assert "Redis refuses the password" in shown.stderr
