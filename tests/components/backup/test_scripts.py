"""Dump, destroy, restore, compare every table; and what is refused, on a real PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.backup.containers import DUMP
from tests.components.backup.conftest import HOST, Jobs
from tests.components.backup.running import last, pod, succeeded
from tests.doubles.bucket import KEYS, made, serving


def test_what_was_destroyed_comes_back_whole(jobs: Jobs) -> None:
    before = jobs.content()
    stored = jobs.backup(RELEASE="2.265.0")["stored"]
    assert (stored["label"], stored["release"]) == ("", "2.265.0")
    assert stored["bytes"] > 1000
    jobs.postgres.query("DROP TABLE states; DELETE FROM features WHERE id > 10; CREATE TABLE later (id int)")
    jobs.postgres.query("CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP VIEW happy")
    done = succeeded(jobs.restore())
    assert last(done)["rows"]["features"] == 502
    assert jobs.content() == before
    assert jobs.postgres.query("SELECT shout('x')") == [("X",)]
    assert jobs.postgres.query("SELECT count(*) FROM pg_proc WHERE proname = 'later'") == [(0,)]
    jobs.postgres.query("INSERT INTO features (name) VALUES ('the sequence goes on')")


def test_a_restore_into_an_empty_database(jobs: Jobs) -> None:
    before = jobs.content()
    jobs.backup()
    jobs.postgres.query("DROP DATABASE flagsmith WITH (FORCE)", "postgres")
    jobs.postgres.query("CREATE DATABASE flagsmith", "postgres")
    succeeded(jobs.restore())
    assert jobs.content() == before


def test_a_dump_that_breaks_off_changes_nothing(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    whole = (jobs.home / "store" / stored["file"]).read_bytes()
    for tenths in range(2, 10):
        jobs.postgres.query("DELETE FROM states WHERE id > 10")
        before = jobs.content()
        content = whole[: len(whole) * tenths // 10]
        (jobs.home / "store" / stored["file"]).write_bytes(content)
        assert "is damaged: its checksum is not the one" in jobs.restore().stderr
        # A file from elsewhere has no checksum from when it was made.
        done = jobs.upload(content)
        assert done.returncode != 0, tenths
        assert jobs.content() == before, tenths


def test_an_encrypted_backup_is_unreadable_without_its_passphrase(jobs: Jobs) -> None:
    before = jobs.content()
    jobs.environment["BACKUP_PASSPHRASE"] = "correct horse"
    stored = jobs.backup()["stored"]
    assert stored["file"].endswith(".dump.enc")
    assert b"flag_100" not in (jobs.home / "store" / stored["file"]).read_bytes()
    jobs.postgres.query("TRUNCATE features CASCADE")
    jobs.environment["BACKUP_PASSPHRASE"] = "wrong"
    refused = jobs.restore()
    assert refused.returncode != 0
    assert "cannot be decrypted: was it made with another passphrase?" in refused.stderr
    del jobs.environment["BACKUP_PASSPHRASE"]
    assert "The backup is encrypted, and there is no passphrase." in jobs.restore().stderr
    assert jobs.postgres.query("SELECT count(*) FROM features") == [(0,)]
    jobs.environment["BACKUP_PASSPHRASE"] = "correct horse"
    succeeded(jobs.restore())
    assert jobs.content() == before


def test_a_damaged_backup_is_refused_by_its_checksum(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    path = jobs.home / "store" / stored["file"]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    done = jobs.fetch()
    assert done.returncode != 0
    assert f"The backup {stored['name']} is damaged" in done.stderr


def test_the_newest_are_kept_of_each_label_and_the_rest_removed(jobs: Jobs) -> None:
    store = jobs.home / "store"
    store.mkdir()
    for day in range(1, 6):
        for label in ("", "-before-restore"):
            name = f"flagsmith-2026010{day}T020000Z{label}"
            (store / f"{name}.dump").write_bytes(b"old")
            text = f'{{"name": "{name}", "file": "{name}.dump", "label": "{label[1:]}", "sha256": "", "bytes": 3}}'
            (store / f"{name}.json").write_text(text, encoding="utf-8")
    (store / "flagsmith-20260101T030000Z.dump").write_bytes(b"its job was killed")
    (store / "notes.txt").write_text("somebody's own", encoding="utf-8")
    done = jobs.backup()
    assert done["removed"] == [f"flagsmith-2026010{day}T020000Z" for day in (3, 2, 1)]
    names = {path.name for path in store.iterdir()}
    assert {"flagsmith-20260105T020000Z.dump", "flagsmith-20260104T020000Z.json", "notes.txt"} <= names
    assert "flagsmith-20260103T020000Z.dump" not in names
    assert "flagsmith-20260101T030000Z.dump" not in names
    assert sum("before-restore.json" in name for name in names) == 5


@pytest.mark.parametrize("spared", ["flagsmith-20260101T020000Z-before-restore", ""])
def test_one_that_is_restored_next_stays_beside_the_one_of_before_that(jobs: Jobs, spared: str) -> None:
    store = jobs.home / "store"
    store.mkdir()
    wanted = "flagsmith-20260101T020000Z-before-restore"
    (store / f"{wanted}.dump").write_bytes(b"old")
    text = f'{{"name": "{wanted}", "file": "{wanted}.dump", "label": "before-restore", "sha256": "", "bytes": 3}}'
    (store / f"{wanted}.json").write_text(text, encoding="utf-8")
    done = jobs.backup(KEEP="1", BACKUP_LABEL="before-restore", SPARED=spared)
    assert done["removed"] == ([] if spared else [wanted])
    assert (store / f"{wanted}.dump").exists() == bool(spared)


def test_the_one_that_was_just_made_stays_where_its_clock_is_behind(jobs: Jobs) -> None:
    store = jobs.home / "store"
    store.mkdir()
    ahead = [f"flagsmith-2099010{day}T020000Z" for day in range(1, 5)]
    for name in ahead:
        (store / f"{name}.dump").write_bytes(b"of a clock that was wrong")
        text = f'{{"name": "{name}", "file": "{name}.dump", "label": "", "sha256": "", "bytes": 3}}'
        (store / f"{name}.json").write_text(text, encoding="utf-8")
    done = jobs.backup(KEEP="2")
    made = done["stored"]["name"]
    assert done["removed"] == ahead[2::-1]
    assert {path.name for path in store.iterdir()} == {
        f"{name}.{kind}" for name in (made, ahead[3]) for kind in ("dump", "json")
    }


def test_the_list_shows_all_and_latest_means_none_with_a_label(jobs: Jobs) -> None:
    first = jobs.backup()["stored"]["name"]
    labelled = jobs.backup(BACKUP_LABEL="before-restore")["stored"]["name"]
    found = last(succeeded(jobs.store("list")))["backups"]
    assert {item["name"] for item in found} == {first, labelled}
    assert f"Fetched {first}.dump" in succeeded(jobs.fetch()).stdout
    assert f"Fetched {labelled}.dump" in succeeded(jobs.fetch(labelled)).stdout
    refused = jobs.fetch("flagsmith-19990101T000000Z")
    assert (
        "There is no backup 'flagsmith-19990101T000000Z' of the stack flags.example.org; there are: " in refused.stderr
    )
    assert first in refused.stderr


def test_a_file_from_elsewhere_is_restored(jobs: Jobs) -> None:
    before = jobs.content()
    stored = jobs.backup()["stored"]
    content = (jobs.home / "store" / stored["file"]).read_bytes()
    jobs.postgres.query("TRUNCATE features CASCADE")
    assert f"Took over uploaded.dump: {len(content)} bytes." in succeeded(jobs.upload(content)).stdout
    assert jobs.content() == before


def test_a_drill_tries_the_backup_elsewhere_and_leaves_the_live_database_alone(jobs: Jobs) -> None:
    jobs.backup()
    jobs.postgres.query("INSERT INTO django_migrations (app, name) VALUES ('features', '0003_later')")
    jobs.postgres.query("DELETE FROM django_migrations WHERE name = '0001_initial'")
    before = jobs.content()
    found = last(succeeded(jobs.drill()))
    assert found["rows"] == {"Odd שם": 2, "django_migrations": 2, "features": 502, "states": 502}
    assert found["pending"] == ["features.0003_later"]
    assert found["unknown"] == ["features.0001_initial"]
    assert found["migrations"] == 2
    assert jobs.content() == before
    assert (jobs.home / "scratch" / "data" / "PG_VERSION").exists()
    assert not (jobs.home / "scratch" / "data" / "postmaster.pid").exists(), "the scratch server is ended"


def test_a_drill_notices_rows_that_are_missing(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    manifest = jobs.home / "store" / f"{stored['name']}.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"features": 502', '"features": 503'), "utf-8")
    done = jobs.drill()
    assert done.returncode != 0
    assert "do not have the rows that were dumped" in done.stderr
    assert '"states": ' in done.stderr


def test_a_restore_of_rows_that_are_missing_changes_nothing(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    manifest = jobs.home / "store" / f"{stored['name']}.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"features": 502', '"features": 503'), "utf-8")
    jobs.postgres.query("DELETE FROM states WHERE id IN (SELECT min(id) FROM states)")
    before = jobs.content()
    done = jobs.restore()
    assert done.returncode != 0
    assert "do not have the rows that were dumped: nothing is changed" in done.stderr
    assert '"features": 503' in done.stderr
    assert '"features": 502' in done.stderr
    assert jobs.content() == before


@pytest.mark.parametrize("variables", [{"DATABASE_URL": "postgresql://postgres:secret@127.0.0.1:9/flagsmith"}])
def test_a_database_that_is_away_fails_the_backup_without_its_password(jobs: Jobs, variables: dict[str, str]) -> None:
    jobs.work()
    done = pod(jobs.shell(*DUMP, **variables), jobs.storing("put"))
    assert done.returncode != 0
    assert "refused" in done.stderr
    assert "The dump ended before it began" in done.stderr
    assert "secret" not in done.stderr
    assert list((jobs.home / "store").iterdir()) == []


@pytest.fixture
def bucket(jobs: Jobs) -> Iterator[Any]:
    with serving() as double:
        address = f"http://127.0.0.1:{double.port}"
        place = {"STORE": "s3://backups/flagsmith/eu", "S3_ENDPOINT": address, "S3_PATH_STYLE": "true"}
        jobs.environment |= {**KEYS, **place}
        yield made(address)


def test_a_bucket_keeps_them_as_a_volume_does(jobs: Jobs, bucket: Any) -> None:
    before = jobs.content()
    names = [jobs.backup(KEEP="1", BACKUP_LABEL=label)["stored"]["name"] for label in ("", "before-restore")]
    keys = {item.key for item in bucket.objects.all()}
    assert keys == {f"flagsmith/eu/{HOST}/{name}.{kind}" for name in names for kind in ("dump", "json")}
    jobs.postgres.query("DROP TABLE states")
    succeeded(jobs.restore())
    assert jobs.content() == before
    assert {item["name"] for item in last(succeeded(jobs.store("list")))["backups"]} == set(names)


def test_a_bucket_that_is_not_there_is_named(jobs: Jobs, bucket: Any) -> None:
    assert bucket.name == "backups"
    jobs.work()
    done = jobs.store("list", STORE="s3://no-such-bucket/flagsmith")
    assert done.returncode == 1
    assert "The backups' store cannot be used:" in done.stderr
    assert "NoSuchBucket" in done.stderr
