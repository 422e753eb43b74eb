"""What was deleted, what is mixed up, a run that is killed, and two at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.components.flagsmith.bootstrap.conftest import EDGE, ENVIRONMENTS, Database, Pod, pod_of, rotated

# As Flagsmith deletes an environment: its row stays, and its server-side keys go.
DELETE = """
    DELETE FROM environments_environmentapikey AS k USING environments_environment AS e
        WHERE e.id = environment_id AND e.name LIKE '{0}';
    UPDATE environments_environment SET deleted_at = now() WHERE name LIKE '{0}';
"""
NEW = {name: f"another-{name}" for name in ENVIRONMENTS}


def test_a_deleted_environment_is_said_and_left_out_and_the_others_get_their_keys(deployed: Database, pod: Pod) -> None:
    deployed.query(DELETE.format("staging"))
    before = deployed.rows
    said = deployed.run(pod)
    assert "environment staging: was deleted in Flagsmith, and is left out. Take it out of" in said
    assert deployed.rows == before, "it is not made again"
    new = rotated(pod)
    assert "environment staging: was deleted" in deployed.run(new)
    for name in ("development", "production"):
        assert {new.server(name), new.server(name, "edge")} <= set(deployed.servers(name))
    first = {"organisation": "FootAnalytics", "project": "FootAnalytics", "environments": ["development", "production"]}
    assert "staging" not in deployed.run(pod_of({"edge": EDGE, "admin": first, "rotations": {"sdk": 1}}, new.generated))


def test_another_environment_with_the_name_of_a_deleted_one_is_told_with_its_key(deployed: Database, pod: Pod) -> None:
    deployed.query(DELETE.format("staging"))
    deployed.query("""
        INSERT INTO environments_environment (name, project_id, api_key, use_mv_v2_evaluation)
            SELECT name, project_id, 'new-' || name, true FROM environments_environment WHERE name = 'staging'
    """)
    assert '"staging": new-staging\n' in deployed.refuses(pod)


@pytest.mark.parametrize("tasks_have_run", [False, True])
def test_after_a_whole_project_was_deleted_nothing_is_held_up_and_other_keys_make_another_one(
    deployed: Database, pod: Pod, tasks_have_run: bool
) -> None:
    # The environments follow when the task processor comes to it.
    deployed.query("UPDATE projects_project SET deleted_at = now()")
    if tasks_have_run:
        deployed.query(DELETE.format("%"))
    before = deployed.rows
    said = deployed.run(pod)
    assert deployed.rows == before
    assert "project: none is made. development, staging, production: deleted with their project" in said
    assert 'clientKeys:\n      "development": …\n      "staging": …\n      "production": …' in said
    assert ("feature-flags:rotations.sdk" in said) is not tasks_have_run
    some = pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": {"staging": NEW["staging"]}}}, pod.generated)
    assert deployed.refuses(some).startswith("development, production: deleted with their project")
    last = pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": NEW}}, pod.generated)
    if not tasks_have_run:
        said = deployed.refuses(last)
        assert "Server-side keys still belong to deleted environments" in said
        assert "feature-flags:rotations.sdk" in said
        assert "clientKeys" not in said
        last = rotated(pod, sdkKeys={"clientKeys": NEW})
    deployed.run(last)
    assert {key: name for name, key in deployed.clients.items() if key in NEW.values()} == {
        key: name for name, key in NEW.items()
    }
    found = deployed.query(
        "SELECT api_key, k.key FROM environments_environmentapikey AS k"
        " JOIN environments_environment AS e ON e.id = environment_id"
    )
    assert {(NEW["staging"], last.server("staging")), (NEW["staging"], last.server("staging", "edge"))} <= set(found)


def test_a_project_of_the_same_name_is_not_taken_for_the_deleted_one(deployed: Database, pod: Pod) -> None:
    deployed.query("""
        UPDATE projects_project SET deleted_at = now();
        INSERT INTO projects_project (id, name, organisation_id)
            SELECT 100, 'FootAnalytics', id FROM organisations_organisation;
        INSERT INTO environments_environment (name, project_id, api_key, use_mv_v2_evaluation)
            SELECT name, 100, 'new-' || name, true FROM environments_environment ORDER BY id;
    """)
    assert '"development": new-development' in deployed.refuses(pod)
    adopted = {name: f"new-{name}" for name in ENVIRONMENTS}
    said = deployed.refuses(pod_of({"edge": EDGE, "sdkKeys": {"clientKeys": adopted}}, pod.generated))
    assert "is that of 'development', which was deleted" in said
    assert "feature-flags:rotations.sdk" in said
    deployed.run(rotated(pod, sdkKeys={"clientKeys": adopted}))


def test_keys_that_two_environments_have_exchanged_are_refused(deployed: Database, pod: Pod) -> None:
    first, second = pod.server("development"), pod.server("production")
    said = deployed.refuses(pod.given(SDK_KEY_0_APPLICATIONS=second, SDK_KEY_2_APPLICATIONS=first))
    assert "of 'development' in the Secret flagsmith-sdk-keys-development is that of 'production': each" in said


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Nobody writes into the table meanwhile."""
    connection = psycopg2.connect(database.server.url(database.name), connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield
    finally:
        connection.close()


WAITED_FOR = """
    SELECT locktype FROM pg_locks
        WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY locktype
"""
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@retry(stop=stop_after_delay(60), wait=wait_fixed(0.05), retry=retry_if_exception_type(AssertionError))
def until(database: Database, statement: str, *values: str) -> None:
    """Wait until the statement gives these."""
    assert tuple(value for (value,) in database.query(statement)) == values


def test_a_run_that_is_killed_leaves_nothing_and_the_next_one_makes_all(database: Database, pod: Pod) -> None:
    with locked(database, "environments_environmentapikey"):
        process = database.start(pod)
        until(database, WAITED_FOR, "relation")
        process.kill()
        said, _ = process.communicate(timeout=60)
    until(database, OTHERS)
    assert not any(database.rows.values())
    assert not [secret for secret in pod.secrets if secret in said]
    database.run(pod)
    assert database.clients == {name: pod.client(name) for name in ENVIRONMENTS}


def test_two_at_once_take_turns_and_make_one_of_each(database: Database, pod: Pod) -> None:
    with locked(database, "users_ffadminuser"):
        both = [database.start(pod), database.start(pod)]
        until(database, WAITED_FOR, "advisory", "relation")
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("project FootAnalytics: created" in text for text in said) == [False, True]
    assert database.clients == {name: pod.client(name) for name in ENVIRONMENTS}
    assert len(database.rows["environments_environmentapikey"]) == 2 * len(ENVIRONMENTS)
