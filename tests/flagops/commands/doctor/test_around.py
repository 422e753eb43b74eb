"""Faults of what is around Flagsmith: database, Redis, names, clocks. On a real PostgreSQL and a real Redis."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from typer.testing import Result

from flagops.commands.doctor.from_inside import of_collation, of_redis
from flagops.commands.doctor.model import Examination
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.flagops.commands.doctor.conftest import Examine

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def test_a_stack_that_is_well_has_no_finding(doctor: Examine, run: Run) -> None:
    assert doctor() == {}
    shown = run("doctor")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "Nothing is wrong with local" in shown.stderr


def test_the_database_is_down(doctor: Examine, healthy: Containers) -> None:
    healthy.postgres.stop()
    found = doctor()
    assert found.keys() == {"database-down"}
    finding = found["database-down"]
    assert "refused" in finding.evidence[0]
    assert finding.fix == "ff logs --stack local -c database"


@pytest.fixture
def all_connections(healthy: Containers) -> Iterator[None]:
    """Nobody else gets a connection, not even a superuser."""
    with ExitStack() as stack:
        while True:
            try:
                connection = psycopg2.connect(healthy.postgres.url("postgres"))
            except psycopg2.OperationalError:
                break
            stack.callback(connection.close)
        yield


@pytest.mark.usefixtures("all_connections")
def test_the_database_is_out_of_connections(doctor: Examine) -> None:
    found = doctor()
    assert found.keys() == {"database-out-of-connections"}
    assert "too many clients" in found["database-out-of-connections"].evidence[0]
    assert found["database-out-of-connections"].fix.startswith("ff restart --stack local")


def test_the_database_is_about_to_run_out_of_connections(doctor: Examine, healthy: Containers) -> None:
    with ExitStack() as stack:
        for _ in range(37):
            stack.callback(psycopg2.connect(healthy.postgres.url("postgres")).close)
        found = doctor()
    assert found.keys() == {"database-connections-scarce"}
    assert found["database-connections-scarce"].evidence[0].endswith("of 40 are in use")


def test_the_database_refuses_the_password(doctor: Examine, healthy: Containers) -> None:
    healthy.alter(DATABASE_URL=healthy.postgres.url().replace(healthy.postgres.password, "an-old-password"))
    found = doctor()
    assert found.keys() == {"database-password"}
    assert "password authentication failed" in found["database-password"].evidence[0]
    assert "an-old-password" not in str(found)


def test_the_database_s_name_cannot_be_resolved(doctor: Examine, healthy: Containers) -> None:
    place = urlsplit(healthy.postgres.url())
    healthy.alter(DATABASE_URL=healthy.postgres.url().replace(str(place.hostname), "postgres.invalid"))
    found = doctor()
    assert found.keys() == {"dns"}
    assert "postgres.invalid" in found["dns"].what
    assert "k8s-app=kube-dns" in found["dns"].fix


def test_text_that_is_sorted_otherwise_than_its_indexes_is_a_finding() -> None:
    (finding,) = of_collation("local", {"collation": ["flagsmith", "2.36", "2.41"]})
    assert finding.name == "collation-changed"
    assert finding.evidence == ("flagsmith: made by version 2.36, and the server has 2.41",)
    assert """-c 'REINDEX DATABASE "flagsmith"'""" in finding.fix
    assert list(of_collation("local", {"collation": None})) == list(of_collation("local", {"state": "down"})) == []


def test_redis_is_down(doctor: Examine, healthy: Containers) -> None:
    healthy.redis.stop()
    found = doctor()
    assert found.keys() == {"redis-down"}
    assert "refused" in found["redis-down"].evidence[0]
    assert "served from the database meanwhile" in found["redis-down"].what


def test_redis_hangs(doctor: Examine, healthy: Containers) -> None:
    healthy.redis.hang()
    found = doctor()
    assert found.keys() == {"redis-hung"}
    assert found["redis-hung"].fix == "ff restart --stack local -c cache"


def test_redis_refuses_the_password(doctor: Examine, healthy: Containers) -> None:
    with healthy.redis.client() as client:
        client.config_set("requirepass", "a-new-password")
    found = doctor()
    assert found.keys() == {"redis-password"}
    assert "a-new-password" not in str(found)


def test_redis_is_slower_than_it_is_waited_for(instance: Instance) -> None:
    seen = {"host": "redis:6379", "state": "ok", "milliseconds": 80.0}
    (finding,) = of_redis(Examination(instance), seen)
    assert finding.name == "redis-slow"
    assert finding.evidence == ("80 ms a round trip; caches.socketTimeout allows 50 ms",)
    assert list(of_redis(Examination(instance), {**seen, "milliseconds": 20.0})) == []


def test_the_clock_of_a_node_is_wrong(doctor: Examine, healthy: Containers, tmp_path: Path) -> None:
    code = "import time\n_real = time.time\ntime.time = lambda: _real() + 90\n"
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    healthy.alter(PYTHONPATH=str(tmp_path))
    found = doctor()
    assert found.keys() == {"clock-skew"}
    assert "90 s" in found["clock-skew"].what


def test_json_is_a_list_of_findings(doctor: Examine, healthy: Containers, run: Run) -> None:
    assert doctor() == {}
    healthy.redis.stop()
    shown = run("doctor", "--json")
    assert shown.exit_code == 1
    (finding,) = json.loads(shown.stdout)
    assert finding.keys() == {"name", "what", "evidence", "fix"}
    assert finding["name"] == "redis-down"


def test_people_see_what_is_wrong_the_evidence_and_the_fix(doctor: Examine, healthy: Containers, run: Run) -> None:
    assert doctor() == {}
    healthy.redis.hang()
    lines = run("doctor").stdout.splitlines()
    assert lines[0].startswith("redis-hung  Redis takes connections and answers nothing")
    assert lines[1].startswith("  seen  ")
    assert lines[2] == "  fix   ff restart --stack local -c cache"
