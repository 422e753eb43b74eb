"""What is read of a log that a real Flagsmith wrote: who, what, where, from what to what; and what nobody may read."""

from typing import Any

import psycopg2
import pytest

from tests.components.audit.log import Log, write

# Of each kind of change: number, actor, action, kind, name, segment or identity, environment, and what changed.
CHANGES: list[tuple[int, str, str, str, str, str | None, str | None, dict[str, tuple[Any, Any]]]] = [
    (5, "admin@example.com", "updated", "state", "match_report", None, "staging", {"enabled": (False, True)}),
    (6, "admin@example.com", "updated", "value", "match_report", None, "staging", {"value": ("one", "two")}),
    (8, "admin@example.com", "updated", "value", "match_report", None, "staging", {"value": ("two", 5)}),
    (9, "admin@example.com", "updated", "flag", "match_report", None, None, {"description": (None, "x")}),
    (10, "admin@example.com", "updated", "flag", "match_report", None, None, {"is_archived": (False, True)}),
    (
        14,
        "admin@example.com",
        "created",
        "variation",
        "search_ranking",
        None,
        None,
        {"key": (None, "variant_a"), "value": (None, "a"), "default_percentage_allocation": (None, 0.0)},
    ),
    (15, "admin@example.com", "updated", "weight", "search_ranking", None, "staging", {"weight of variant_a": (0, 30)}),
    (
        22,
        "admin@example.com",
        "created",
        "segment override",
        "match_report",
        "premium",
        "staging",
        {"enabled": (None, True)},
    ),
    (
        23,
        "admin@example.com",
        "updated",
        "segment override",
        "match_report",
        "premium",
        "staging",
        {"value": ("one", "ov")},
    ),
    (
        26,
        "admin@example.com",
        "updated",
        "segment override",
        "match_report",
        "premium",
        "staging",
        {"value": ("ov", "ov9")},
    ),
    (27, "admin@example.com", "reordered", "flag", "match_report", None, "staging", {}),
    (28, "admin@example.com", "deleted", "override", "match_report", "premium", "staging", {"priority": (1, None)}),
    (
        29,
        "admin@example.com",
        "created",
        "identity override",
        "match_report",
        "bob",
        "staging",
        {"enabled": (None, True)},
    ),
    (
        31,
        "admin@example.com",
        "updated",
        "identity override",
        "match_report",
        "bob",
        "staging",
        {"value": ("bobs", "bobs2")},
    ),
    (
        33,
        "admin@example.com",
        "deleted",
        "identity override",
        "match_report",
        "bob",
        "staging",
        {"enabled": (False, None)},
    ),
    (
        35,
        "admin@example.com",
        "updated",
        "environment",
        "trial2",
        None,
        "trial2",
        {"name": ("trial", "trial2"), "hide_disabled_flags": (None, True)},
    ),
    (36, "ci", "updated", "state", "match_report", None, "staging", {"enabled": (False, True)}),
    (42, "admin@example.com", "deleted", "state", "live_scores", None, "staging", {"enabled": (False, None)}),
    (47, "admin@example.com", "deleted", "segment", "premium", "premium", None, {}),
    # The first version is compared with what the environment had before it kept versions.
    (
        48,
        "admin@example.com",
        "published",
        "version",
        "match_report",
        None,
        "trial2",
        {"enabled": (False, True), "value": ("one", "vv")},
    ),
    (
        49,
        "admin@example.com",
        "published",
        "version",
        "match_report",
        None,
        "trial2",
        {
            "enabled": (True, False),
            "value": ("vv", "ww"),
            "segment beta: enabled": (None, True),
            "segment beta: value": (None, "s2"),
        },
    ),
]
SECRETS = {
    "users_ffadminuser": "password",
    "audit_auditlog": "master_api_key_id",
    "api_keys_masterapikey": "id",
    "environments_historicalenvironment": "api_key",
    "features_historicalfeature": "master_api_key_id",
}


def changed(entry: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {item["field"]: (item["old"], item["new"]) for item in entry["changes"]}


def test_each_kind_of_change_is_told(log: Log) -> None:
    found = {entry["row"]: entry for entry in log.read()}
    assert list(found) == sorted(found, key=lambda row: (found[row]["time"], row))
    assert len(found) == 49
    for row, actor, action, kind, name, target, place, changes in CHANGES:
        entry = found[row]
        segment = (entry["segment"] or {}).get("name")
        assert (
            entry["actor"]["name"],
            entry["action"],
            entry["kind"],
            entry["name"],
            segment or entry["identity"],
            (entry["environment"] or {}).get("name"),
            changed(entry),
        ) == (actor, action, kind, name, target, place, changes), entry
        assert entry["project"]["name"] == "footanalytics-platform"
        assert entry["id"].startswith(f"flagsmith-audit:flags.example.com:{row}:")


def test_a_segment_s_rules_are_told_and_its_copies_are_called_so(log: Log) -> None:
    found = {entry["row"]: entry for entry in log.read()}
    old, new = changed(found[19])["rules"]
    (condition,) = old[0]["rules"][0]["conditions"]
    assert (condition["property"], condition["value"]) == ("plan", "a")
    assert new[0]["rules"][0]["conditions"][0]["value"] == "b"
    assert [found[row]["kind"] for row in (18, 19, 20, 21)] == ["segment copy", "segment", "segment copy", "segment"]


def test_a_key_is_named_and_its_hash_is_nowhere(log: Log) -> None:
    (entry,) = [entry for entry in log.read() if entry["row"] == 36]
    (prefix,) = log.query("SELECT prefix FROM api_keys_masterapikey")[0]
    assert entry["actor"] == {"kind": "api-key", "name": "ci", "id": prefix}
    assert "hash-of" not in str(log.read())
    for table, column in SECRETS.items():
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            log.as_role(f"SELECT {column} FROM {table}")  # noqa: S608


def test_the_role_reads_no_server_side_key(log: Log) -> None:
    log.query("CREATE TABLE environments_environmentapikey (id int, key text)")
    log.grant()
    for column in ("key", "id"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            log.as_role(f"SELECT {column} FROM environments_environmentapikey")  # noqa: S608


def test_the_role_writes_nowhere_but_in_its_own_schema(log: Log) -> None:
    for statement in (
        "DELETE FROM audit_auditlog",
        "UPDATE users_ffadminuser SET email = 'x@example.com'",
        "CREATE TABLE public.mine (id int)",
        "CREATE TABLE feature_flags_audit.mine (id int)",
        "DROP TABLE feature_flags_audit.cursor",
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            log.as_role(statement)
    log.as_role("INSERT INTO feature_flags_audit.gap VALUES (1, 1, now(), 1)")


def test_whoever_else_logs_in_cannot_move_the_cursor(log: Log) -> None:
    log.query("DROP ROLE IF EXISTS somebody; CREATE ROLE somebody")
    for statement in ("DELETE FROM feature_flags_audit.cursor", "SELECT * FROM feature_flags_audit.api_keys('{1}')"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            log.query(f"SET ROLE somebody; {statement}")


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ({"FEATURE": "search_ranking"}, [11, 12, 13, 14, 15, 45, 46]),
        ({"ACTOR": "CI"}, [36, 37, 39, 38, 40]),
        ({"ACTOR": "ci", "ENVIRONMENT": "staging"}, [36, 39]),
        ({"ENVIRONMENT": "trial2", "FEATURE": "match_report"}, [48, 49]),
        ({"LIMIT": "2"}, [48, 49]),
        ({"SINCE": "2026-11-24T17:53:13Z", "FEATURE": "match_report"}, [48, 49]),
        ({"UNTIL": "2026-11-24T17:52:22Z"}, [1, 2, 3]),
        ({"ACTOR": "somebody@example.com"}, []),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_the_entries_are_chosen(log: Log, variables: dict[str, str], rows: list[int]) -> None:
    assert [entry["row"] for entry in log.read(**variables)] == rows


def test_a_rare_actor_is_found_behind_many_others(log: Log) -> None:
    log.query(
        "INSERT INTO audit_auditlog (created_date, log, author_id, is_system_event) "
        "SELECT now(), 'Flag state updated for feature: x', 1, false FROM generate_series(1, 1200)"
    )
    assert [entry["row"] for entry in log.read(ACTOR="ci", LIMIT="3")] == [39, 38, 40]


def test_who_is_gone_and_the_server_are_told_apart(log: Log) -> None:
    with log.connect() as connection:
        gone, server = write(connection), write(connection)
    connection.close()
    log.query(f"UPDATE audit_auditlog SET author_id = NULL WHERE id IN ({gone}, {server})")  # noqa: S608
    log.query(f"UPDATE audit_auditlog SET is_system_event = true WHERE id = {server}")  # noqa: S608
    kinds = {entry["row"]: entry["actor"]["kind"] for entry in log.read()}
    assert (kinds[gone], kinds[server]) == ("unknown", "server")
    assert [entry["row"] for entry in log.read(ACTOR="server")] == [server]


def test_a_column_that_a_release_lacks_is_missing_and_no_more(log: Log) -> None:
    log.query("ALTER TABLE features_historicalfeature DROP COLUMN is_server_key_only")
    log.query("DROP TABLE multivariate_historicalmultivariatefeatureoption CASCADE; CREATE TABLE later (id int)")
    log.query(
        "CREATE TABLE multivariate_historicalmultivariatefeatureoption (id int, history_id int, history_type text, "
        "type text, boolean_value boolean, integer_value int, string_value text, key text)"
    )
    log.grant()
    found = {entry["row"]: entry for entry in log.read()}
    assert "is_server_key_only" not in changed(found[2])
    assert changed(found[15]) == {"weight of 1": (0, 30)}


def test_nothing_keeps_a_migration_from_changing_the_tables(log: Log) -> None:
    log.query("ALTER TABLE audit_auditlog ALTER COLUMN master_api_key_id TYPE text")
    log.query("ALTER TABLE api_keys_masterapikey DROP COLUMN hashed_key")
    assert len(log.read()) == 49
