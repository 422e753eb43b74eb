"""A restore dates every environment anew: who holds its document, as the edge does, asks for a newer one alone."""

import pytest

from tests.components.backup.conftest import Jobs
from tests.components.backup.running import succeeded

ENVIRONMENTS = "CREATE TABLE environments_environment (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL)"
DATED = "SELECT id, name, updated_at FROM environments_environment ORDER BY id"


@pytest.mark.parametrize("ahead", ["-1 hour", "1 hour"])
def test_each_environment_is_newer_after_a_restore_than_any_that_was_served_before(jobs: Jobs, ahead: str) -> None:
    """The edge asks for a document that is newer than its own, in whole seconds; the API's clock may be ahead."""
    jobs.postgres.query(ENVIRONMENTS)
    jobs.postgres.query("INSERT INTO environments_environment VALUES (1, 'a', '2026-01-01Z'), (2, 'b', '2026-01-02Z')")
    jobs.backup()
    jobs.postgres.query(
        f"UPDATE environments_environment SET name = 'bad', updated_at = now() + interval '{ahead}'"  # noqa: S608
    )
    served = [int(moment.timestamp()) for _, _, moment in jobs.postgres.query(DATED)]
    began = jobs.postgres.query("SELECT now()")[0][0]
    succeeded(jobs.restore())
    found = jobs.postgres.query(DATED)
    assert [(number, name) for number, name, _ in found] == [(1, "a"), (2, "b")]
    assert all(int(moment.timestamp()) > max(served) and moment >= began for _, _, moment in found)


@pytest.mark.parametrize(
    "hostile",
    [
        "ALTER TABLE environments_environment RENAME TO kept; CREATE VIEW environments_environment AS"  # noqa: ISC004
        " SELECT id, name, ('held' || id)::timestamptz AS updated_at FROM kept",
        "ALTER TABLE environments_environment ALTER COLUMN updated_at TYPE text USING 'held'",
    ],
)
def test_what_stands_in_the_place_of_the_environments_holds_up_no_restore(jobs: Jobs, hostile: str) -> None:
    jobs.postgres.query(ENVIRONMENTS)
    jobs.postgres.query("INSERT INTO environments_environment VALUES (1, 'a', '2026-01-01Z')")
    jobs.backup()
    jobs.postgres.query(hostile)
    succeeded(jobs.restore())
    assert [name for _, name, _ in jobs.postgres.query(DATED)] == ["a"]


def test_a_backup_of_a_release_whose_environments_have_no_date_is_restored(jobs: Jobs) -> None:
    jobs.postgres.query("CREATE TABLE environments_environment (id int PRIMARY KEY)")
    jobs.backup()
    before = jobs.content()
    jobs.postgres.query("DROP TABLE environments_environment")
    jobs.postgres.query(ENVIRONMENTS)
    jobs.postgres.query("INSERT INTO environments_environment VALUES (1, 'a', now())")
    succeeded(jobs.restore())
    assert jobs.content() == before
