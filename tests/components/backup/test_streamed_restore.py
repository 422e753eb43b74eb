"""A restore runs through pipes: whatever is killed or changed on the way, the database is one or the other."""

import json
from typing import Any

import pytest

from components.backup.containers import RESTORE
from tests.components.backup.conftest import Jobs
from tests.components.backup.running import last, pod, succeeded
from tests.components.backup.stores import PREFIX, Store, instead, is_fetch, said, store, until
from tests.doubles.bucket import Environ

__all__ = ["store"]


def test_what_changes_between_being_looked_at_and_being_restored_changes_nothing(jobs: Jobs, store: Store) -> None:
    stored = jobs.backup()["stored"]
    key = PREFIX + stored["file"]
    whole = store.bucket.Object(key).get()["Body"].read()
    jobs.postgres.query("DELETE FROM states")
    before = jobs.content()
    fetches: list[str] = []

    def hook(environ: Environ, _: Any) -> None:
        if is_fetch(environ):
            fetches.append(environ["PATH_INFO"])
            if len(fetches) == 2:
                # One that pg_restore takes, and still another one.
                store.bucket.put_object(Key=key, Body=whole + b"\0" * 100)

    store.double.hook = hook
    reason = said_of(jobs.restore())
    assert "is damaged: its checksum is not the one" in reason or "did not come as a whole" in reason
    assert jobs.content() == before
    assert len(fetches) >= 2


def said_of(done: Any) -> str:
    assert done.returncode != 0
    return str(done.stderr)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("killed", ["fetch", "unpack", "restore"])
def test_whoever_is_killed_in_the_middle_of_a_restore_the_database_is_what_it_was(jobs: Jobs, killed: str) -> None:
    jobs.postgres.query(
        "CREATE TABLE noise AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 60000) n"
    )
    jobs.backup()
    jobs.postgres.query("DELETE FROM noise WHERE n > 10; DELETE FROM states")
    before = jobs.content()
    work = jobs.work()
    # So that it stands still in the middle of the second time.
    path = instead(jobs, "psql", f'{{ head -c 200000; : >{work}/half; sleep 3; cat; }} | "{jobs.programs}/psql" "$@"')
    containers = dict(
        zip(("fetch", "unpack", "restore"), (*jobs.fetched("latest"), jobs.shell(*RESTORE, PATH=path)), strict=True)
    )
    until(lambda: (work / "half").exists())
    containers[killed].kill()
    said(*containers.values())
    assert jobs.content() == before
    succeeded(jobs.restore())
    assert jobs.postgres.query("SELECT count(*) FROM noise") == [(60000,)]


@pytest.mark.parametrize("counted", [True, False])
def test_a_restore_that_fails_after_its_last_row_changes_nothing(jobs: Jobs, counted: bool) -> None:
    """All rows are there by then, as in a dump of before they were counted nobody knows."""
    stored = jobs.backup()["stored"]
    if not counted:
        manifest = jobs.home / "store" / f"{stored['name']}.json"
        said = json.loads(manifest.read_text(encoding="utf-8"))
        del said["rows"]
        manifest.write_text(json.dumps(said), encoding="utf-8")
    jobs.postgres.query("DELETE FROM states")
    before = jobs.content()
    jobs.work()
    failing = f'"{jobs.programs}/pg_restore" "$@" || exit; case "$*" in *--file=-*) exit 3; esac'
    path = instead(jobs, "pg_restore", failing)
    said_of(pod(*jobs.fetched("latest"), jobs.shell(*RESTORE, PATH=path)))
    assert jobs.content() == before
    succeeded(jobs.restore())
    assert jobs.content() != before


@pytest.mark.parametrize("does", ["restore", "drill"])
def test_rows_that_could_not_be_compared_are_not_taken_for_the_same(jobs: Jobs, does: str) -> None:
    """A program that dies in the middle must not leave out what stands between it and COMMIT."""
    jobs.backup()
    jobs.postgres.query("DELETE FROM states")
    before = jobs.content()
    kept = f"{jobs.home}/work/kept"
    dies = f'/bin/cat >{kept}.$$ && ! grep -a -q "dumped jsonb" {kept}.$$ && exec /bin/cat {kept}.$$; exit 3'
    jobs.environment["PATH"] = instead(jobs, "cat", dies)
    done = jobs.restore() if does == "restore" else jobs.drill()
    assert (done.returncode, done.stdout.count('"rows"')) == (3, 0), done.stdout + done.stderr
    assert jobs.content() == before


def test_a_file_that_comes_only_in_part_changes_nothing(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    content = (jobs.home / "store" / stored["file"]).read_bytes()
    jobs.postgres.query("TRUNCATE features CASCADE")
    before = jobs.content()
    assert said_of(jobs.upload(content[:-1] + b"?"))
    assert jobs.content() == before


def test_tables_of_any_name_and_triggers_that_write_keep_no_backup_from_being_restored_or_tried(jobs: Jobs) -> None:
    jobs.postgres.query("""
        CREATE TABLE "a}b" (n integer);
        INSERT INTO "a}b" VALUES (1);
        CREATE TABLE noted (n integer);
        CREATE TABLE environments_environment (id serial PRIMARY KEY, updated_at timestamptz);
        INSERT INTO environments_environment (updated_at) VALUES (now());
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN INSERT INTO public.noted VALUES (1); RETURN NEW; END';
        CREATE TRIGGER note AFTER UPDATE ON environments_environment FOR EACH ROW EXECUTE FUNCTION note();
    """)
    jobs.backup()
    jobs.postgres.query('DELETE FROM "a}b"')
    assert last(succeeded(jobs.drill()))["rows"]["a}b"] == 1
    succeeded(jobs.restore())
    assert jobs.postgres.query('SELECT n FROM "a}b"') == [(1,)]


def test_a_trigger_of_the_backup_does_not_say_what_was_restored(jobs: Jobs) -> None:
    """It runs before COMMIT, and who reads the result afterwards would take it for a Job that gave none."""
    jobs.postgres.query("""
        CREATE TABLE environments_environment (id serial PRIMARY KEY, updated_at timestamptz);
        INSERT INTO environments_environment (updated_at) VALUES (now());
        CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM set_config(''flagsmith.restored'', ''nothing'', true); RETURN NEW; END';
        CREATE TRIGGER forge AFTER UPDATE ON environments_environment FOR EACH ROW EXECUTE FUNCTION forge();
    """)
    jobs.backup()
    jobs.postgres.query("DELETE FROM states")
    assert last(succeeded(jobs.restore()))["rows"]["features"] == 502


def test_a_table_of_the_restoring_session_is_not_counted_in_place_of_the_real_ones(jobs: Jobs) -> None:
    """What a restore runs may make one that is called as PostgreSQL's list of tables."""
    jobs.postgres.query("""
        CREATE FUNCTION hide(integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN
            CREATE TEMPORARY TABLE IF NOT EXISTS pg_tables (schemaname name, tablename name); RETURN true; END';
        CREATE TABLE hiding (id integer CHECK (hide(id)));
        INSERT INTO hiding VALUES (1);
    """)
    jobs.backup()
    jobs.postgres.query("DELETE FROM states")
    assert last(succeeded(jobs.restore()))["rows"]["features"] == 502
