"""What the exporter's role may read, on this release of Flagsmith and on older ones."""

import psycopg2
import pytest

from tests.components.flag_metrics.conftest import DIRECTORY, GRANTS, Exporter, new_exporter, url_of
from tests.servers import Postgres

UP = "flagsmith_flag_metrics_up"
READABLE = (
    "SELECT api_key, name FROM environments_environment",
    "SELECT evaluation_count FROM app_analytics_featureevaluationraw",
)
FORBIDDEN = (
    "SELECT * FROM features_feature",
    "SELECT initial_value FROM features_feature",
    "SELECT string_value FROM features_featurestatevalue",
    "SELECT string_value FROM multivariate_multivariatefeatureoption",
    "SELECT key FROM environments_environmentapikey",
    "SELECT webhook_url FROM environments_environment",
    "SELECT serialized_args FROM task_processor_task",
    "SELECT serialized_args FROM task_processor_recurringtask",
    "SELECT labels FROM app_analytics_featureevaluationraw",
    "SELECT hypothesis FROM experimentation_experiment",
    "SELECT password FROM users_ffadminuser",
    "UPDATE features_featurestate SET enabled = true",
    "DELETE FROM task_processor_task",
    "CREATE TABLE mine (id integer)",
)


def test_the_role_may_read_what_the_exporter_needs_and_nothing_else(server: Postgres) -> None:
    # What an earlier version gave is taken back; a second time changes nothing.
    server.query("GRANT SELECT ON users_ffadminuser, features_feature TO flagsmith_analytics")
    server.query(GRANTS)
    server.query(GRANTS)
    reader = psycopg2.connect(url_of(server))
    reader.autocommit = True
    with reader.cursor() as cursor:
        for statement in READABLE:
            cursor.execute(statement)
        for statement in FORBIDDEN:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    reader.close()
    assert new_exporter(server).turn().one(UP) == 1


def test_every_granted_column_is_needed(server: Postgres, exporter: Exporter) -> None:
    granted = server.query(
        "SELECT table_name, column_name FROM information_schema.column_privileges"
        " WHERE grantee = 'flagsmith_analytics' AND privilege_type = 'SELECT' ORDER BY 1, 2"
    )
    assert exporter.turn().one(UP) == 1
    source = "\n".join(path.read_text(encoding="utf-8") for path in DIRECTORY.glob("flag_metrics*.py"))
    needless = [f"{table}.{column}" for table, column in granted if table not in source or column not in source]
    assert len(granted) > 60
    assert needless == []


def test_each_part_looks_at_the_tables_that_it_reads(server: Postgres, exporter: Exporter) -> None:
    """What it reads unlooked-at could run its owner's code: tests/components/postgres/test_attacked_readers.py."""
    granted = server.query(
        "SELECT DISTINCT table_name FROM information_schema.column_privileges WHERE grantee = 'flagsmith_analytics'"
    )
    parts = exporter.real.parts
    assert [part.name for part in parts if not part.reads] == []
    assert {table for part in parts for table in part.reads} == {name for (name,) in granted}


def test_an_older_release_without_some_columns_is_read_all_the_same(server: Postgres) -> None:
    server.query(
        "ALTER TABLE task_processor_recurringtask DROP COLUMN is_disabled, DROP COLUMN num_consecutive_failures;"
        "ALTER TABLE multivariate_multivariatefeatureoption DROP COLUMN key;"
        "ALTER TABLE environments_identity DROP COLUMN system_traits;"
        "INSERT INTO task_processor_recurringtask DEFAULT VALUES;"
        "INSERT INTO environments_identity VALUES (1, 'user-1', 1);"
        "INSERT INTO multivariate_multivariatefeatureoption VALUES (7, 'secret');"
        "INSERT INTO multivariate_multivariatefeaturestatevalue VALUES (1, 11, 7, 20)"
    )
    server.query(GRANTS)
    found = new_exporter(server).turn()
    assert found.one(UP) == 1
    assert found.all("flagsmith_recurring_tasks")[("ok",)] == 1
    assert found.all("flagsmith_feature_variant_ratio") == {("production", "checkout", "shop", "", "option-7"): 0.2}


def test_an_older_release_without_experiments_is_read_all_the_same(server: Postgres) -> None:
    server.query("DROP TABLE experimentation_experiment, experimentation_experimentexposures")
    server.query(GRANTS)
    found = new_exporter(server).turn()
    assert found.one(UP) == 1
    assert found.all("flagsmith_feature_exposed_identities") == {}


def test_the_grants_say_when_they_come_too_early(server: Postgres) -> None:
    server.query("DROP TABLE task_processor_task CASCADE")
    with pytest.raises(psycopg2.errors.RaiseException, match="task_processor_task is missing: migrate"):
        server.query(GRANTS)
