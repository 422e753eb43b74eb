"""The script that asks for the last changes, against a real PostgreSQL with the log that a real Flagsmith wrote."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagops.commands.flags.history import log
from flagops.commands.flags.history.database import SCRIPT
from tests.recording import ROOT
from tests.servers import Postgres, running_postgres

RECORDED = ROOT / "tests" / "components" / "audit" / "recorded-2.265.0.sql"
READ_TOO = """
    ALTER TABLE features_feature ADD project_id integer DEFAULT 1, ADD deleted_at timestamptz;
    ALTER TABLE segments_segment ADD project_id integer DEFAULT 1;
    ALTER TABLE environments_environment ADD deleted_at timestamptz;
"""
"""What this reads of Flagsmith's tables beside what was recorded of them."""
TRUST = """
    CREATE TABLE trust_relationships_trustrelationship
        (id bigint PRIMARY KEY, name varchar(100), master_api_key_id varchar(150), deleted_at timestamptz);
    INSERT INTO api_keys_masterapikey VALUES ('of-trust', 'aEjdbhpa', 'x', 'Trust relationship: ci');
    INSERT INTO trust_relationships_trustrelationship VALUES (7, 'ci', 'of-trust', NULL);
"""
STATE, WEIGHT = (
    "features.models.HistoricalFeatureState",
    ("features.multivariate.models.HistoricalMultivariateFeatureStateValue"),
)
Rows = dict[tuple[str, str, str | None], dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with running_postgres(tmp_path_factory.mktemp("log-server"), "only-for-tests") as made:
        yield made


@pytest.fixture
def postgres(server: Postgres) -> Postgres:
    server.query("DROP DATABASE IF EXISTS flagsmith WITH (FORCE)", "postgres")
    server.query("CREATE DATABASE flagsmith", "postgres")
    server.query(RECORDED.read_text(encoding="utf-8"))
    server.query(READ_TOO)
    return server


def answer(url: str, of: str, project: int = 1) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(project), of],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture
def places(postgres: Postgres) -> Callable[[], Rows]:
    """The last change of each flag and segment in each environment."""

    def asked() -> Rows:
        rows = answer(postgres.url(), "places")["changes"]
        found = {(row["kind"], row["name"], row["environment"]): row for row in rows}
        assert len(found) == len(rows), "one each"
        return found

    return asked


def write(postgres: Postgres, what: str, **columns: object) -> None:
    """An entry a day after all others, in the first environment unless it says another."""
    last = {
        "created_date": datetime(2026, 11, 25, tzinfo=UTC).isoformat(),
        "log": what,
        "environment_id": 1,
        "project_id": 1,
        "related_object_type": "FEATURE_STATE",
        "history_record_class_path": STATE,
        "is_system_event": False,
        **columns,
    }
    values = ", ".join("NULL" if value is None else f"'{value}'" for value in last.values())
    number = "(SELECT max(id) + 1 FROM audit_auditlog)"
    postgres.query(f"INSERT INTO audit_auditlog (id, {', '.join(last)}) VALUES ({number}, {values})")  # noqa: S608 - of this file


def test_the_last_change_of_each_flag_in_each_environment_is_found(places: Callable[[], Rows]) -> None:
    found = places()
    assert found["flag", "match_report", "trial2"]["what"] == "New version published for feature: match_report"
    assert found["flag", "match_report", "trial2"]["at"] == "2026-11-24T17:53:19Z"
    by_key = found["flag", "match_report", "staging"]
    assert (by_key["email"], by_key["key"], by_key["prefix"]) == (None, "ci", "cy1Qe6UG"), "a switch by a key"
    assert found["flag", "search_ranking", None]["what"] == "Flag / Remote Config updated: search_ranking"
    assert found["flag", "search_ranking", None]["email"] == "admin@example.com"
    assert found["segment", "premium", None]["what"] == "Segment deleted: premium"
    assert found["segment", "beta", None]["at"] == "2026-11-24T17:52:38Z"
    assert all(row["trust"] is None for row in found.values()), "a release before trust relationships"


def test_a_switch_after_it_is_the_last_change_and_is_its_own_place_s(
    postgres: Postgres, places: Callable[[], Rows]
) -> None:
    before = places()
    write(postgres, "switched", related_object_id=3, author_id=1)
    found = places()
    assert found["flag", "search_ranking", "staging"]["what"] == "switched"
    others = {key: row for key, row in found.items() if key != ("flag", "search_ranking", "staging")}
    assert others == {key: row for key, row in before.items() if key in others}


def test_of_two_entries_of_one_moment_the_later_number_counts(postgres: Postgres, places: Callable[[], Rows]) -> None:
    for what in ("one", "two", "three"):
        write(postgres, what, related_object_id=3, author_id=1)
    assert places()["flag", "search_ranking", "staging"]["what"] == "three"


def test_the_entry_on_a_weight_is_about_the_flag_whose_number_it_has(
    postgres: Postgres, places: Callable[[], Rows]
) -> None:
    """It says that it is about a state; a state of that number is another flag's."""
    write(postgres, "weighed", related_object_id=2, author_id=1, history_record_class_path=WEIGHT)
    found = places()
    assert found["flag", "search_ranking", "staging"]["what"] == "weighed"
    assert "weighed" not in {row["what"] for key, row in found.items() if key[1] == "match_report"}


def test_a_version_is_found_by_its_uuid(postgres: Postgres, places: Callable[[], Rows]) -> None:
    version = "c1afe5ae-ffa1-4816-bb71-1937d57b5903"
    kind = {"related_object_type": "EF_VERSION", "history_record_class_path": None}
    write(postgres, "published", related_object_uuid=version, environment_id=3, author_id=1, **kind)
    assert places()["flag", "search_ranking", "trial2"]["what"] == "published"


def test_users_own_overrides_other_projects_and_removed_environments_are_left_out(
    postgres: Postgres, places: Callable[[], Rows]
) -> None:
    write(postgres, "of bob alone", related_object_id=7, author_id=1)
    write(postgres, "of a removed place", related_object_id=4, environment_id=2, author_id=1)
    postgres.query("UPDATE environments_environment SET deleted_at = now() WHERE id = 2")
    found = places()
    assert not {row["what"] for row in found.values()} & {"of bob alone", "of a removed place"}
    assert answer(postgres.url(), "places", project=2) == {"changes": []}
    postgres.query("UPDATE features_feature SET project_id = 2 WHERE id = 1")
    assert {row["name"] for row in answer(postgres.url(), "places", project=2)["changes"]} == {"match_report"}


def test_a_pipeline_s_trust_relationship_is_told_from_every_other_key(
    postgres: Postgres, places: Callable[[], Rows]
) -> None:
    postgres.query(TRUST)
    write(postgres, "by a pipeline", related_object_id=3, master_api_key_id="of-trust")
    found = places()
    by_trust, by_key = (log.log_entry(found["flag", name, "staging"]) for name in ("search_ranking", "match_report"))
    assert by_trust.actor == ("api-key", "trust-7")
    assert by_trust.who == "a pipeline or pod by Trust relationship: ci"
    assert by_key.actor == ("api-key", "cy1Qe6UG")
    assert not log.is_same_actor(by_trust.actor, by_key.actor)
    postgres.query("UPDATE trust_relationships_trustrelationship SET deleted_at = now()")
    assert places()["flag", "search_ranking", "staging"]["trust"] == 7, "also when it is gone"


def test_who_is_gone_is_unknown(postgres: Postgres, places: Callable[[], Rows]) -> None:
    write(postgres, "by nobody", related_object_id=3)
    entry = log.log_entry(places()["flag", "search_ranking", "staging"])
    assert entry.actor == ("unknown", "")


def test_the_last_change_of_each_flag_says_where_and_who(postgres: Postgres) -> None:
    rows = {row["flag"]: row for row in answer(postgres.url(), "flags")["changes"]}
    assert rows[1]["what"] == "New version published for feature: match_report"
    assert (rows[1]["who"], rows[1]["environment"]) == ("admin@example.com", "trial2")
    write(postgres, "switched", related_object_id=3, master_api_key_id="cy1Qe6UG.pbkdf2_sha256$hash-of-a-key")
    rows = {row["flag"]: row for row in answer(postgres.url(), "flags")["changes"]}
    assert (rows[2]["what"], rows[2]["who"], rows[2]["environment"]) == ("switched", "ci", "staging")
    postgres.query("UPDATE features_feature SET deleted_at = now() WHERE id = 2")
    assert 2 not in {row["flag"] for row in answer(postgres.url(), "flags")["changes"]}


def test_times_are_utc_whatever_the_server_s_zone_is(postgres: Postgres, places: Callable[[], Rows]) -> None:
    postgres.query("ALTER DATABASE flagsmith SET timezone TO 'Asia/Jerusalem'")
    at = datetime.fromisoformat(places()["flag", "match_report", "trial2"]["at"])
    assert at == datetime(2026, 11, 24, 17, 53, 19, tzinfo=UTC)
    assert at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("of", ["flags", "places"])
def test_nothing_is_written_and_what_is_wrong_is_said(postgres: Postgres, of: str) -> None:
    before = postgres.query("SELECT count(*) FROM audit_auditlog")
    answer(postgres.url(), of)
    assert postgres.query("SELECT count(*) FROM audit_auditlog") == before
    assert "does not exist" in answer(postgres.url("nowhere"), of)["error"]
    postgres.query("DROP TABLE audit_auditlog")
    assert 'relation "audit_auditlog" does not exist' in answer(postgres.url(), of)["error"]
