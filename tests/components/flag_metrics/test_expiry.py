"""Until when features may stay, by the tags that `ff flags apply` gives them."""

import importlib
from datetime import UTC, date, datetime

import pytest

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from flagops.commands.flags.catalogue.expiry import expiry_tag
from tests.components.flag_metrics.conftest import DIRECTORY, Exporter
from tests.in_pod import importable
from tests.servers import Postgres

SERIES = "flagsmith_feature_expires_timestamp_seconds"


def tag(server: Postgres, number: int, label: str, *features: int) -> None:
    """A tag on features."""
    server.query(f"INSERT INTO tags_tag (id, label) VALUES ({number}, '{label}')")  # noqa: S608
    for feature in features:
        server.query(f"INSERT INTO features_feature_tags (feature_id, tag_id) VALUES ({feature}, {number})")  # noqa: S608


def at(*day: int) -> float:
    return datetime(*day, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


def test_a_feature_may_stay_to_the_end_of_the_day_that_apply_writes(server: Postgres, exporter: Exporter) -> None:
    (label,) = expiry_tag(date(2027, 3, 31))
    tag(server, 1, label, 1)
    assert exporter.turn().all(SERIES) == {("false", "checkout", "shop"): at(2027, 4, 1)}


def test_of_several_days_the_earliest_counts_and_an_archived_one_says_so(server: Postgres, exporter: Exporter) -> None:
    tag(server, 1, "expires-2027-03-31", 1, 2)
    tag(server, 2, "expires-2026-12-31", 1)
    server.query("UPDATE features_feature SET is_archived = true WHERE id = 2")
    assert exporter.turn().all(SERIES) == {
        ("false", "checkout", "shop"): at(2027, 1, 1),
        ("true", "export", "shop"): at(2027, 4, 1),
    }


DAYS: dict[str, date | None] = {
    "expires-2027-03-31": date(2027, 3, 31),
    "expires-20270331": None,
    "expires-2027-W13-3": None,
    "expires-2027-3-1": None,
    "expires-2027-03-31 ": None,
    "expires-2027-02-30": None,
    "Expires-2027-03-31": None,
    "expires-2027-03-31T00:00": None,
    "expires-+027-03-31": None,
    "2027-03-31": None,
}


@pytest.mark.parametrize(("label", "day"), DAYS.items())
def test_the_exporter_and_the_catalogue_read_the_same_tags(label: str, day: date | None) -> None:
    """By one reader: of two, one took 20270331 and a week's day, and the other a month of one figure."""
    assert day_of(label) == day
    with importable(DIRECTORY):
        assert (importlib.import_module("flag_metrics_expiry").ends(label) is None) == (day is None)


@pytest.mark.parametrize("label", ["expires-soon", "expires-2027-02-30", "expires-", "ui", "expires-20270331 "])
def test_a_tag_that_names_no_day_is_none(server: Postgres, exporter: Exporter, label: str) -> None:
    tag(server, 1, label, 1)
    found = exporter.turn()
    assert found.all(SERIES) == {}
    assert found.one("flagsmith_flag_metrics_up") == 1


def test_what_was_deleted_is_not_told(server: Postgres, exporter: Exporter) -> None:
    tag(server, 1, "expires-2027-03-31", 1, 2)
    server.query("UPDATE features_feature SET deleted_at = now() WHERE id = 1")
    assert set(exporter.turn().all(SERIES)) == {("false", "export", "shop")}
    server.query("UPDATE projects_project SET deleted_at = now()")
    assert exporter.turn(5).all(SERIES) == {}
