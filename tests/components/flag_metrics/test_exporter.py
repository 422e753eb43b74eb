"""The exporter around its parts: the queue, a database that goes away, the process."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.components.flag_metrics.conftest import DIRECTORY, PASSWORD, Exporter, Metrics, url_of
from tests.components.flag_metrics.test_evaluations import report
from tests.in_pod import SHARED
from tests.servers import LOOPBACK, Postgres, free_port

RECORDED = Path(__file__).parents[2] / "scrapes" / "flag-metrics.txt"
UP = "flagsmith_flag_metrics_up"


def test_the_queue_by_state_and_the_age_of_its_oldest(server: Postgres, exporter: Exporter) -> None:
    server.query(
        "INSERT INTO task_processor_task (scheduled_for, is_locked, completed, num_failures) VALUES"
        " (now() - interval '90 seconds', false, false, 0), (now() - interval '10 seconds', false, false, 2),"
        " (now() - interval '1 hour', true, false, 0), (now() + interval '1 hour', false, false, 0),"
        " (now() - interval '2 hours', false, false, 3), (now() - interval '2 hours', false, true, 0)"
    )
    server.query(
        "INSERT INTO task_processor_recurringtask (is_disabled, num_consecutive_failures) VALUES"
        " (false, 0), (false, 0), (false, 1), (true, 4)"
    )
    found = exporter.turn()
    assert found.all("flagsmith_task_queue_tasks") == {("waiting",): 2, ("running",): 1, ("scheduled",): 1}
    assert 90 <= found.one("flagsmith_task_queue_oldest_seconds") < 150
    assert found.all("flagsmith_recurring_tasks") == {("ok",): 2, ("failing",): 1, ("disabled",): 1}


def test_an_empty_queue_has_no_age(exporter: Exporter) -> None:
    found = exporter.turn()
    assert set(found.all("flagsmith_task_queue_tasks").values()) == {0}
    assert found.one("flagsmith_task_queue_oldest_seconds") == 0


def test_how_much_there_is_of_what_grows(server: Postgres, exporter: Exporter) -> None:
    server.query(
        "INSERT INTO segments_segment (id, name, version_of_id) VALUES (1, 'one', 1), (2, 'an old version of it', 1);"
        "INSERT INTO environments_identity (id, identifier, environment_id) SELECT n, 'user-' || n, 1"
        " FROM generate_series(1, 50) n; ANALYZE environments_identity"
    )
    found = exporter.turn()
    assert found.all("flagsmith_features") == {("shop",): 2}
    assert found.all("flagsmith_segments") == {("shop",): 1}
    assert found.one("flagsmith_identities_estimate") == 50


def test_a_database_that_is_away_is_told_gauges_go_and_counters_stay(
    server: Postgres, exporter: Exporter, capsys: pytest.CaptureFixture[str]
) -> None:
    exporter.turn()
    report(server, 5)
    assert exporter.turn(2).evaluations() == 5
    server.stop()
    away = exporter.turn(2)
    assert away.one(UP) == 0
    assert set(away.all("flagsmith_flag_metrics_part_up").values()) == {0}
    assert away.evaluations() == 5
    for gone in ("task_queue_tasks", "task_queue_oldest_seconds", "feature_enabled", "features"):
        assert away.all(f"flagsmith_{gone}") == {}, gone
    server.start()
    report(server, 4)
    back = exporter.turn(2)
    assert back.one(UP) == 1
    assert back.evaluations() == 9
    assert back.all("flagsmith_task_queue_tasks")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # Once, however many turns it lasts.
    assert [line["levelname"] for line in lines].count("ERROR") == 1
    assert PASSWORD not in json.dumps(lines)


def test_an_error_never_tells_the_password(server: Postgres, capsys: pytest.CaptureFixture[str]) -> None:
    exporter = importlib.import_module("flag_metrics").Exporter
    for url in (
        f"postgresql://flagsmith_analytics:wrong-{PASSWORD}@{LOOPBACK}:{server.port}/flagsmith",
        f"postgresql://flagsmith_analytics:{PASSWORD}@{LOOPBACK}:{server.port}/nowhere",
        f"postgresql://flagsmith_analytics:{PASSWORD}@{LOOPBACK}:{server.port}x/flagsmith",
        f"{PASSWORD}",
    ):
        assert Exporter(exporter(url, 60, 0)).turn().one(UP) == 0
    output = capsys.readouterr().out
    assert output.count("could not collect") == 4
    assert PASSWORD not in output


def test_a_table_that_is_locked_costs_its_parts_alone_and_not_for_long(server: Postgres, exporter: Exporter) -> None:
    with psycopg2.connect(server.url()) as migration, migration.cursor() as cursor:
        cursor.execute("LOCK TABLE task_processor_task IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        found = exporter.turn()
        assert time.monotonic() - started < 10
    failing = {name for (name,), up in found.all("flagsmith_flag_metrics_part_up").items() if not up}
    assert failing == {"tasks", "failures"}
    assert found.all("flagsmith_feature_enabled")
    migration.close()
    assert exporter.turn().one(UP) == 1


def test_what_costs_more_is_asked_for_at_every_fifth_turn(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    server.query("UPDATE features_featurestate SET enabled = true")
    shown = [sum(exporter.turn().all("flagsmith_feature_enabled").values()) for _ in range(5)]
    assert shown == [2, 2, 2, 2, 4]


def names(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Type and labels of each family that has a sample."""
    return {
        family.name: (family.type, frozenset(label for sample in family.samples for label in sample.labels))
        for family in text_string_to_metric_families(text)
        if family.samples
    }


def test_the_recorded_scrape_of_a_real_flagsmith_has_the_metrics_that_the_exporter_makes(
    server: Postgres, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.query(
        "INSERT INTO environments_identity (id, identifier, environment_id) VALUES (1, 'user-1', 1); ANALYZE;"
        "INSERT INTO multivariate_multivariatefeatureoption VALUES (7, 'blue', '');"
        "INSERT INTO multivariate_multivariatefeaturestatevalue VALUES (1, 11, 7, 20);"
        "INSERT INTO segments_segment (id, name, version_of_id) VALUES (1, 'quarter', 1);"
        "INSERT INTO segments_segmentrule VALUES (1, 'ALL', NULL, 1);"
        "INSERT INTO segments_condition (rule_id, operator, value) VALUES (1, 'PERCENTAGE_SPLIT', '25');"
        "INSERT INTO features_featuresegment VALUES (1, 1, 0);"
        "INSERT INTO tags_tag (id, label) VALUES (1, 'expires-2027-03-31');"
        "INSERT INTO features_feature_tags (feature_id, tag_id) VALUES (1, 1);"
        "INSERT INTO features_featurestate (environment_id, feature_id, feature_segment_id, enabled)"
        " VALUES (1, 1, 1, true);"
        "INSERT INTO task_processor_recurringtask DEFAULT VALUES;"
        "INSERT INTO task_processor_task (id, scheduled_for, is_locked, num_failures, timeout)"
        " VALUES (1, now(), false, 3, NULL), (2, now(), true, 0, '1 minute');"
        "INSERT INTO task_processor_taskrun (task_id, result) VALUES (1, 'FAILURE');"
        "INSERT INTO app_analytics_featureevaluationraw (feature_name, environment_id, evaluation_count,"
        " identity_identifier, enabled_when_evaluated) VALUES ('checkout', 1, 1, 'user-1', true);"
        "INSERT INTO experimentation_experiment VALUES (1, 1, 1);"
        "INSERT INTO experimentation_experimentexposures (experiment_id, payload)"
        """ VALUES (1, '{"timeseries": {"points": [{"new_identities": {"blue": 1}}]}}')"""
    )
    (failures,) = (part for part in exporter.real.parts if part.name == "failures")
    exporter.turn()
    monkeypatch.setattr(failures, "_clock", lambda: time.monotonic() + 3600)
    assert names(exporter.turn().text) == names(RECORDED.read_text(encoding="utf-8"))


def test_one_that_is_stuck_says_so_to_prometheus_and_to_the_liveness_probe(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = importlib.import_module("flag_metrics").application(exporter.real)

    def status() -> str:
        said: list[str] = []
        application({"PATH_INFO": "/healthz"}, lambda text, _: said.append(text))
        return said[0]

    assert exporter.turn().one(UP) == 1
    assert status() == "200 OK"
    monkeypatch.setattr(exporter.real, "beat", time.monotonic() - exporter.real.patience - 1)
    assert exporter.scrape().one(UP) == 0
    assert status() == "503 Service Unavailable"


@contextmanager
def running(server: Postgres) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The exporter as its container runs it."""
    port = free_port()
    settings = {"DATABASE_URL": url_of(server), "INTERVAL_SECONDS": "1", "SAMPLE": "10", "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, DIRECTORY / "flag_metrics.py"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": SHARED, "PYTHONDONTWRITEBYTECODE": "1", **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://{LOOPBACK}:{port}"
    finally:
        process.kill()
        process.communicate()


@retry(
    stop=stop_after_delay(30),
    wait=wait_fixed(0.1),
    retry=retry_if_exception_type((httpx.TransportError, AssertionError)),
    reraise=True,
)
def scraped(url: str, up: int) -> Metrics:
    answer = httpx.get(f"{url}/metrics")
    found = Metrics(answer.text)
    assert answer.status_code == 200
    assert found.one(UP) == up
    return found


def test_the_process_serves_metrics_and_probes_and_stops_when_it_is_told_to(server: Postgres) -> None:
    with running(server) as (process, url):
        assert scraped(url, 1).evaluations() == 0
        assert httpx.get(f"{url}/healthz").text == "ok\n"
        assert httpx.get(f"{url}/other").status_code == 404
        server.stop()
        scraped(url, 0)
        assert httpx.get(f"{url}/healthz").status_code == 200
        server.start()
        scraped(url, 1)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert PASSWORD not in output
        assert all(json.loads(line) for line in output.splitlines())


def test_scrapes_cost_the_database_nothing(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    server.stop()
    for _ in range(5):
        assert exporter.scrape().one(UP) == 1
