"""Evaluations are a counter: whatever happens to the rows, none is counted twice and none is taken back."""

import importlib

import psycopg2
import pytest

from tests.components.flag_metrics.conftest import Exporter, new_exporter
from tests.servers import Postgres

FEATURES = ("checkout", "export")
INSERT = "INSERT INTO app_analytics_featureevaluationraw (feature_name, environment_id, evaluation_count) VALUES"


def report(server: Postgres, *counts: int, feature: str = "checkout", environment: int = 1) -> None:
    """What the task processor writes when an SDK has reported."""
    for count in counts:
        server.query(f"{INSERT} ('{feature}', {environment}, {count})")


def test_each_feature_of_each_environment_begins_at_0_so_that_its_first_increase_shows(exporter: Exporter) -> None:
    places = [(environment, feature, "shop") for environment in ("production", "staging") for feature in FEATURES]
    assert exporter.turn().all("flagsmith_feature_evaluations_total") == dict.fromkeys(places, 0)


def test_reports_are_added_up_one_turn_later(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    report(server, 5, 7)
    report(server, 11, feature="export", environment=2)
    assert exporter.turn().evaluations() == 0
    found = exporter.turn()
    assert (found.evaluations(), found.evaluations("export", "staging"), found.evaluations("export")) == (12, 11, 0)
    assert exporter.turn(3).evaluations() == 12


def test_a_row_that_is_committed_after_one_with_a_higher_id_is_counted(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    late = psycopg2.connect(server.url())
    with late.cursor() as cursor:
        cursor.execute(f"{INSERT} ('checkout', 1, 100)")
    report(server, 1)
    exporter.turn()
    late.commit()
    late.close()
    assert exporter.turn(2).evaluations() == 101


def test_what_is_there_when_the_exporter_starts_is_not_counted_anew(server: Postgres) -> None:
    report(server, 1_000)
    first = new_exporter(server)
    first.turn()
    report(server, 3)
    assert first.turn(2).evaluations() == 3
    second = new_exporter(server)
    assert second.turn(3).evaluations() == 0
    report(server, 4)
    assert second.turn(2).evaluations() == 4
    assert first.turn(2).evaluations() == 7


def test_rows_that_are_deleted_when_they_are_old_take_nothing_away(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    report(server, 5)
    exporter.turn(2)
    server.query("DELETE FROM app_analytics_featureevaluationraw")
    assert exporter.turn(2).evaluations() == 5
    report(server, 2)
    assert exporter.turn(2).evaluations() == 7


def test_after_a_restore_with_lower_ids_what_came_back_is_old(server: Postgres, exporter: Exporter) -> None:
    report(server, *[1] * 10)
    exporter.turn()
    report(server, 5)
    exporter.turn(2)
    server.query("TRUNCATE app_analytics_featureevaluationraw RESTART IDENTITY")
    report(server, 900)
    assert exporter.turn(2).evaluations() == 5
    report(server, 3)
    assert exporter.turn(2).evaluations() == 8


def test_a_counter_does_not_fall_when_a_client_reports_a_negative_number(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    report(server, 5, -3)
    assert exporter.turn(2).evaluations() == 5


def test_reports_of_what_is_not_there_make_no_series(server: Postgres, exporter: Exporter) -> None:
    exporter.turn()
    report(server, 5, feature="gone")
    report(server, 5, environment=77)
    assert len(exporter.turn(2).all("flagsmith_feature_evaluations_total")) == 4


def test_a_new_feature_has_a_series_before_its_first_report_and_a_deleted_one_none(
    server: Postgres, exporter: Exporter
) -> None:
    exporter.turn()
    server.query("INSERT INTO features_feature (id, name) VALUES (3, 'banner')")
    assert exporter.turn().evaluations("banner") == 0
    report(server, 6, feature="banner")
    assert exporter.turn(2).evaluations("banner") == 6
    server.query("UPDATE features_feature SET deleted_at = now() WHERE id = 3")
    assert len(exporter.turn().all("flagsmith_feature_evaluations_total")) == 4


def test_two_environments_of_one_name_are_added_up(server: Postgres, exporter: Exporter) -> None:
    server.query("INSERT INTO environments_environment (id, name, api_key) VALUES (3, 'production', 'key-3')")
    exporter.turn()
    report(server, 2)
    report(server, 3, environment=3)
    assert exporter.turn(2).evaluations() == 5


def test_more_rows_than_a_turn_reads_are_left_to_the_next(
    server: Postgres, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = importlib.import_module("flag_metrics_parts")
    monkeypatch.setattr(parts, "CHUNK_ROWS", 3)
    monkeypatch.setattr(parts, "MOST_CHUNKS", 2)
    exporter.turn()
    report(server, *[1] * 10)
    assert [exporter.turn().evaluations() for _ in range(4)] == [0, 6, 10, 10]


def test_the_number_of_series_has_a_bound(
    server: Postgres, exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("flag_metrics_parts"), "MOST_PAIRS", 3)
    report(server, 1)
    found = exporter.turn()
    assert found.one("flagsmith_flag_metrics_features_left_out") == 1
    for name in ("evaluations_total", "enabled"):
        assert len(found.all(f"flagsmith_feature_{name}")) == 3


def test_no_turn_reads_the_whole_of_a_large_table(server: Postgres, exporter: Exporter) -> None:
    server.query(
        "INSERT INTO app_analytics_featureevaluationraw (feature_name, environment_id, evaluation_count)"
        " SELECT 'checkout', 1, 1 FROM generate_series(1, 50000);"
        " INSERT INTO task_processor_task (scheduled_for, is_locked, completed)"
        " SELECT now(), false, n > 10 FROM generate_series(1, 50000) n;"
        " ANALYZE"
    )
    statistics = (
        "SELECT relname, seq_scan, coalesce(idx_scan, 0) FROM pg_stat_user_tables"
        " WHERE relname IN ('app_analytics_featureevaluationraw', 'task_processor_task') ORDER BY 1"
    )
    before = server.query(statistics)
    exporter.turn()
    report(server, 1)
    found = exporter.turn(2)
    assert found.evaluations() == 1
    assert found.all("flagsmith_task_queue_tasks")[("waiting",)] == 10
    after = server.query(statistics)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert all(now[2] > then[2] for now, then in zip(after, before, strict=True))
