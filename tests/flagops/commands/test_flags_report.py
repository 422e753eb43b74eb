"""`ff flags report` of a stack: the last changes come from the audit log in its database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.flagsmith_api.administrator import password
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.doubles.flagsmith import Flagsmith, serve
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
EXAMPLE = ROOT / "flags" / "catalogue.yaml"
# Of Flagsmith's own tables the columns that are read.
TABLES = """
    CREATE TABLE features_feature (id int, project_id int, deleted_at timestamptz);
    CREATE TABLE features_featurestate (id int, feature_id int);
    CREATE TABLE segments_segment (id int, feature_id int);
    CREATE TABLE feature_versioning_environmentfeatureversion (uuid uuid, feature_id int);
    CREATE TABLE users_ffadminuser (id int, email text);
    CREATE TABLE api_keys_masterapikey (id text, name text);
    CREATE TABLE environments_environment (id int, name text, deleted_at timestamptz);
    CREATE TABLE audit_auditlog (id int, created_date timestamptz, log text, author_id int, master_api_key_id text,
        environment_id int, related_object_id int, related_object_type text, related_object_uuid text,
        history_record_class_path text);
"""
ROWS = """
    INSERT INTO features_feature SELECT number, 1, NULL FROM generate_series(1, 8) number;
    INSERT INTO features_featurestate VALUES (71, 1), (72, 2), (5, 1);
    INSERT INTO segments_segment VALUES (81, 3), (82, NULL);
    INSERT INTO feature_versioning_environmentfeatureversion VALUES ('7b16abee-5573-4a59-a248-df4cc4f5059f', 4);
    INSERT INTO users_ffadminuser VALUES (1, 'ann@example.com');
    INSERT INTO api_keys_masterapikey VALUES ('k', 'ci');
    INSERT INTO environments_environment VALUES (1, 'staging', NULL), (2, 'trial', now());
    INSERT INTO audit_auditlog VALUES
        (1, '2026-01-01T10:00Z', 'made', 1, NULL, NULL, 1, 'FEATURE', NULL, NULL),
        (2, '2026-01-02T10:00Z', 'switched', 1, NULL, 1, 71, 'FEATURE_STATE', NULL, NULL),
        (3, '2026-01-03T10:00Z', 'removed with its environment', 1, NULL, 2, 71, 'FEATURE_STATE', NULL, NULL),
        (4, '2026-01-04T10:00Z', 'made', NULL, 'k', NULL, 2, 'FEATURE', NULL, NULL),
        (5, '2026-01-05T10:00Z', 'rolled out further', 1, NULL, NULL, 81, 'SEGMENT', NULL, NULL),
        (6, '2026-01-06T10:00Z', 'of no flag', 1, NULL, NULL, 82, 'SEGMENT', NULL, NULL),
        (7, '2026-01-07T10:00Z', 'published', NULL, NULL, 1, NULL, 'EF_VERSION',
            '7b16abee-5573-4a59-a248-df4cc4f5059f', NULL),
        (8, '2026-01-08T10:00Z', 'weighed', 1, NULL, 1, 5, 'FEATURE_STATE', NULL,
            'features.multivariate.models.HistoricalMultivariateFeatureStateValue');
"""
NAMES = [line.split()[2] for line in TABLES.splitlines() if "CREATE TABLE" in line]


@pytest.fixture
def flagsmith(instance: Instance, containers: Containers, run: Run) -> Iterator[Flagsmith]:
    """The double with the example catalogue, where the API's pods answer."""
    made = Flagsmith(
        email=instance.settings.admin_email, password=password(instance), project=instance.settings.admin.project
    )
    with serve(made, containers.api_port):
        made.add_environments("development", "staging", "production")
        done = run("flags", "apply", str(EXAMPLE), "--yes")
        assert done.exit_code == 0, done.stderr
        yield made


@pytest.fixture
def log(database: Containers) -> Iterator[None]:
    """An audit log."""
    database.postgres.query(TABLES)
    database.postgres.query(ROWS)
    yield
    database.postgres.query(f"DROP TABLE {', '.join(NAMES)}")


@pytest.mark.usefixtures("log")
def test_who_changed_what_is_read_through_a_pod(flagsmith: Flagsmith, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    shown = run("flags", "report", "--out", str(out), "--catalogue", str(EXAMPLE))
    assert shown.exit_code == 0, shown.stderr
    words = " ".join(out.read_text(encoding="utf-8").split())
    assert "Last changes: from the audit log." in words
    for change in (
        "2026-01-02 10:00</time> {about}switched</span> {about}by ann@example.com, in staging<",
        "2026-01-04 10:00</time> {about}made</span> {about}by ci<",
        "2026-01-05 10:00</time> {about}rolled out further</span> {about}by ann@example.com<",
        "2026-01-07 10:00</time> {about}published</span> {about}in staging<",
        "2026-01-08 10:00</time> {about}weighed</span> {about}by ann@example.com, in staging<",
    ):
        assert change.format(about='<span class="about">') in words
    assert "removed with its environment" not in words
    assert "of no flag" not in words
    assert flagsmith.password not in words


def test_without_the_log_the_states_times_are_shown(
    flagsmith: Flagsmith, database: Containers, run: Run, tmp_path: Path
) -> None:
    assert database.postgres.is_running
    out = tmp_path / "report.html"
    shown = run("flags", "report", "--out", str(out), "--catalogue", str(EXAMPLE))
    assert shown.exit_code == 0, shown.stderr
    assert 'The audit log cannot be read: relation "audit_auditlog" does not exist' in shown.stderr
    assert "The states' times are shown." in shown.stderr
    assert "from the states of the flags" in " ".join(out.read_text(encoding="utf-8").split())
    assert flagsmith.requests
