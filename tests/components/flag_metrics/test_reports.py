"""Users that Flagsmith evaluates nothing for are counted by what SDKs report."""

import importlib
import json

import pytest

from tests.components.flag_metrics.conftest import insert, new_exporter
from tests.servers import Postgres

IDENTITIES, EVALUATIONS = "flagsmith_feature_reported_identities", "flagsmith_feature_reported_evaluations"
ON, OFF = ("true", "production", "checkout", "shop"), ("false", "production", "checkout", "shop")


def reported(
    server: Postgres, user: str | None, *, enabled: bool | None, count: int = 1, feature: str = "checkout", age: int = 0
) -> None:
    """A row as version 2 of the endpoint leaves it: app_analytics/tasks.py, track_feature_evaluation_v2."""
    made = server.query(f"SELECT now() - interval '{age} minutes'")[0][0]
    insert(
        server,
        "app_analytics_featureevaluationraw",
        feature_name=feature,
        environment_id=1,
        evaluation_count=count,
        identity_identifier=user,
        enabled_when_evaluated=enabled,
        created_at=made,
    )


def test_each_user_counts_once_by_what_the_last_report_said(server: Postgres) -> None:
    reported(server, "ann", enabled=True, count=3)
    reported(server, "ann", enabled=True, count=4)
    reported(server, "bob", enabled=True)
    reported(server, "bob", enabled=False, count=2)
    reported(server, "eve", enabled=False, count=5)
    reported(server, "ann", enabled=True, feature="gone")
    found = new_exporter(server).turn()
    assert found.all(IDENTITIES) == {ON: 1, OFF: 2}
    assert found.all(EVALUATIONS) == {ON: 8, OFF: 7}


def test_a_user_without_a_name_counts_in_the_evaluations_alone(server: Postgres) -> None:
    reported(server, None, enabled=True, count=6)
    found = new_exporter(server).turn()
    assert (found.all(IDENTITIES), found.all(EVALUATIONS)) == ({}, {ON: 6})


def test_a_report_that_does_not_say_what_was_told_is_no_figure_of_who_got_it(server: Postgres) -> None:
    """As version 1 of the endpoint leaves it: names and numbers."""
    reported(server, None, enabled=None, count=6)
    found = new_exporter(server).turn()
    assert (found.all(IDENTITIES), found.all(EVALUATIONS)) == ({}, {})


def test_what_is_older_than_an_hour_is_forgotten_and_a_negative_number_takes_nothing_away(server: Postgres) -> None:
    reported(server, "ann", enabled=True, age=90)
    reported(server, "bob", enabled=False, count=-7)
    found = new_exporter(server).turn()
    assert (found.all(IDENTITIES), found.all(EVALUATIONS)) == ({OFF: 1}, {OFF: 0})


def test_no_turn_reads_more_than_the_newest_reports(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("flag_metrics_reports"), "MOST_ROWS", 2)
    for user in ("ann", "bob", "eve"):
        reported(server, user, enabled=True)
    assert new_exporter(server).turn().all(IDENTITIES) == {ON: 2}


def test_with_a_sample_of_0_nobody_is_read(server: Postgres) -> None:
    reported(server, "ann", enabled=True)
    exporter = new_exporter(server, sample=0)
    assert exporter.turn().all(IDENTITIES) == {}
    assert "reports" not in {part.name for part in exporter.real.parts}


def test_no_series_holds_what_a_user_is_known_by(server: Postgres) -> None:
    reported(server, "ann@example.com", enabled=True)
    assert "ann@example.com" not in new_exporter(server).turn().text


def test_exposures_of_experiments_are_added_up_by_variant(server: Postgres) -> None:
    """`payload` as experimentation/dataclasses.py makes it: ExposuresSummary."""
    points = [
        {"bucket": "2026-11-27T00:00:00+00:00", "new_identities": {"control": 3, "blue": 4}},
        {"bucket": "2026-11-28T00:00:00+00:00", "new_identities": {"blue": 5}},
    ]
    payload = json.dumps({"excluded_identities": 1, "timeseries": {"granularity": "day", "points": points}})
    server.query("INSERT INTO experimentation_experiment VALUES (1, 1, 1), (2, 1, 1), (3, 1, 2)")
    server.query("UPDATE experimentation_experiment SET deleted_at = now() WHERE id = 2")
    for experiment, summary in ((1, payload), (2, payload), (3, None)):
        insert(server, "experimentation_experimentexposures", experiment_id=experiment, payload=summary)
    assert new_exporter(server).turn().all("flagsmith_feature_exposed_identities") == {
        ("production", "checkout", "shop", "control"): 3,
        ("production", "checkout", "shop", "blue"): 9,
    }
