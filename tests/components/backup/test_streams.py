"""Backups run through pipes: whatever is killed, refused or changed on the way, what counts as a backup is whole."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.backup.containers import DUMP
from tests.components.backup.conftest import Jobs
from tests.components.backup.running import Container, last, pod, succeeded
from tests.components.backup.stores import (
    MIB,
    OLD,
    Store,
    dumped,
    instead,
    is_end,
    is_fetch,
    is_part,
    is_search,
    said,
    store,
    until,
)
from tests.doubles.bucket import Environ

__all__ = ["store"]


# More than a part, and the least that S3 takes for one.
HALF, PART = 6 * MIB, "5 * MIB"


def half_way(jobs: Jobs, then: str = "sleep 600") -> tuple[Container, Container]:
    """A dump that has come half-way, more than a part, and goes on for ever, beside what stores it."""
    work = jobs.work()
    jobs.part = PART
    path = instead(jobs, "pg_dump", f"head -c {HALF} /dev/urandom; : >{work}/half; exec {then}")
    dump, storing = jobs.shell(*DUMP, PATH=path), jobs.storing("put")
    until(lambda: (work / "half").exists())
    return dump, storing


def test_a_dump_that_is_killed_half_way_is_no_backup_and_leaves_nothing(jobs: Jobs, store: Store) -> None:
    dump, storing = half_way(jobs)
    until(store.uploads)
    dump.kill()
    assert "broke off; its own container says why. Nothing of it is kept." in said(dump, storing)
    assert (store.objects(), store.uploads()) == (set(), set())


def test_a_program_of_the_dump_that_dies_is_the_end_of_it(jobs: Jobs, store: Store) -> None:
    jobs.work()
    path = instead(jobs, "pg_dump", f'"{jobs.programs}/pg_dump" "$@" | head -c 5000; kill -9 $$')
    reason = said(jobs.shell(*DUMP, PATH=path), jobs.storing("put"))
    assert "The dump broke off, or what stores it did." in reason
    assert (store.objects(), store.uploads()) == (set(), set())
    path = instead(jobs, "openssl", "head -c 5000; exit 1")
    jobs.work()
    jobs.environment["BACKUP_PASSPHRASE"] = "correct horse"
    said(jobs.shell(*DUMP, PATH=path), jobs.storing("put"))
    assert (store.objects(), store.uploads()) == (set(), set())


def test_on_a_volume_what_broke_off_leaves_nothing_either(jobs: Jobs) -> None:
    dump, storing = half_way(jobs)
    until(lambda: list((jobs.home / "store").glob(".*.partial")))
    dump.kill()
    said(dump, storing)
    assert list((jobs.home / "store").iterdir()) == []


def test_a_store_that_is_ended_takes_the_upload_back_and_ends_the_dump(jobs: Jobs, store: Store) -> None:
    dump, storing = half_way(jobs)
    until(store.uploads)
    storing.kill(15)
    assert storing.ended().returncode == 1
    assert (store.objects(), store.uploads()) == (set(), set())
    dump.kill()
    dump.ended()


def test_an_upload_that_is_killed_leaves_no_backup_and_the_next_night_removes_it(jobs: Jobs, store: Store) -> None:
    # It goes on as long as there is who takes it.
    dump, storing = half_way(jobs, "cat /dev/zero")
    until(store.uploads)
    storing.kill()
    storing.ended()
    assert "or what stores it did" in dump.ended().stderr
    assert store.objects() == set()
    (left,) = store.uploads()
    store.begin(f"{OLD}.dump")
    store.begin("somebody-s.dump")
    store.bucket.Object(f"flagsmith/other.example.org/{OLD}.dump").initiate_multipart_upload()
    # By another name, also where it begins in the same second.
    done = jobs.backup(BACKUP_LABEL="next")["stored"]
    others = {"somebody-s.dump", f"flagsmith/other.example.org/{OLD}.dump"}
    assert store.uploads() == {left} | others, "what may still be at work stays, and what is others'"
    assert store.objects() == {done["file"], f"{done['name']}.json"}


def test_a_store_that_is_killed_at_the_end_of_an_upload_leaves_no_backup(jobs: Jobs, store: Store) -> None:
    ending: list[Environ] = []
    store.double.hook = lambda environ, _: ending.append(environ) if is_end(environ) else None
    jobs.work()
    dump, storing = jobs.shell(*DUMP), jobs.storing("put")
    until(lambda: ending)
    storing.kill()
    storing.ended()
    dump.ended()
    store.double.hook = None
    assert all(not key.endswith(".json") for key in store.objects())
    assert last(succeeded(jobs.store("list")))["backups"] == []
    assert "There is no backup 'latest'" in jobs.fetch().stderr
    jobs.backup()


@pytest.mark.parametrize("when", [is_part, is_end], ids=["a part", "the end"])
@pytest.mark.parametrize("status", ["500 Internal Server Error", "403 Forbidden"])
def test_a_bucket_that_refuses_leaves_no_backup_and_is_named(
    jobs: Jobs, store: Store, when: Callable[[Environ], bool], status: str
) -> None:
    store.answer(status, when)
    jobs.work()
    reason = said(jobs.shell(*DUMP), jobs.storing("put"))
    assert "The backups' store cannot be used:" in reason
    assert ("InternalError" if status.startswith("500") else "AccessDenied") in reason
    assert "secret" not in reason
    assert (store.objects(), store.uploads()) == (set(), set())


@pytest.mark.parametrize("when", [is_part, is_end, is_fetch], ids=["a part", "the end", "looking at it"])
def test_a_bucket_that_fails_for_a_moment_is_asked_again(
    jobs: Jobs, store: Store, when: Callable[[Environ], bool]
) -> None:
    store.answer("500 Internal Server Error", when, times=2)
    done = jobs.backup()["stored"]
    assert store.objects() == {done["file"], f"{done['name']}.json"}


def test_a_role_that_may_not_see_uploads_makes_backups_all_the_same(jobs: Jobs, store: Store) -> None:
    store.answer("403 Forbidden", is_search)
    jobs.work()
    done = succeeded(pod(jobs.shell(*DUMP), jobs.storing("put")))
    assert "Uploads that a killed Job left could not be looked for" in done.stdout
    assert last(done)["stored"]["file"] in store.objects()


def test_a_slow_bucket_is_waited_for(jobs: Jobs, store: Store) -> None:
    before = jobs.content()
    store.double.hook = lambda environ, _: time.sleep(0.5) if is_part(environ) or is_fetch(environ) else None
    jobs.backup()
    jobs.postgres.query("TRUNCATE features CASCADE")
    succeeded(jobs.restore())
    assert jobs.content() == before


def test_what_arrives_otherwise_than_it_was_sent_is_no_backup(jobs: Jobs, store: Store) -> None:
    def hook(environ: Environ, _: Any) -> None:
        if is_fetch(environ):
            store.double.hook = None
            key = environ["PATH_INFO"].removeprefix("/backups/")
            content = store.bucket.Object(key).get()["Body"].read()
            store.bucket.put_object(Key=key, Body=content[:-1] + b"?")

    store.double.hook = hook
    jobs.work()
    assert "is not what was sent: its checksum differs. It is removed." in said(jobs.shell(*DUMP), jobs.storing("put"))
    assert store.objects() == set()


def test_two_runs_at_once_make_two_backups(jobs: Jobs, store: Store) -> None:
    dump, storing = half_way(jobs)
    until(store.uploads)
    other = Jobs(jobs.home / "other", jobs.postgres, dict(jobs.environment))
    other.home.mkdir()
    done = other.backup(BACKUP_LABEL="by-hand")["stored"]
    assert store.objects() == {done["file"], f"{done['name']}.json"}
    (upload,) = store.uploads()
    assert upload != done["file"], "the other one goes on"
    assert storing.process.poll() is None
    dump.kill()
    said(dump, storing)


@pytest.mark.parametrize(
    ("database", "size", "parts"), [(MIB, 200 * MIB, 4), (600 * 1024**3, 300 * MIB, 3)], ids=["usual", "very large"]
)
def test_a_large_dump_needs_the_memory_of_a_part_and_no_disk(
    jobs: Jobs, store: Store, database: int, size: int, parts: int
) -> None:
    work = jobs.work()
    store.pieces()
    writer, storing = dumped(jobs, f"head -c {size} /dev/urandom", database), jobs.storing("put")
    most = disk = 0
    status = Path(f"/proc/{storing.process.pid}/status")
    while storing.process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))
        most = max(most, int(found[1]) if found else 0)
        disk = max(disk, sum(item.stat().st_size for item in work.iterdir()))
        time.sleep(0.01)
    done = succeeded(pod(writer, storing))
    assert last(done)["stored"]["bytes"] == size
    sent = [query for method, _, query, _ in store.double.seen if method == "PUT" and "partNumber" in query]
    assert len(sent) == parts
    # The container's limit is 512Mi, and its request 192Mi for a usual part.
    assert most / 1024 < (192 if database == MIB else 384)
    assert disk < MIB


def test_a_database_of_which_a_dump_is_too_large_for_a_bucket_is_refused_with_the_way(jobs: Jobs, store: Store) -> None:
    jobs.work()
    reason = said(dumped(jobs, "head -c 100 /dev/zero", 700 * 1024**3), jobs.storing("put"))
    assert "The database has 700 GiB, and of one of more than 625 GiB no dump goes into a bucket" in reason
    assert "postgres.cluster.backup" in reason
    assert (store.objects(), store.uploads()) == (set(), set())
