"""Backups run through pipes: whatever is killed, refused or changed on the way, what counts as a backup is whole."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.backup.containers import DUMP, PIPES, RESTORE, SCRIPTS
from tests.components.backup.conftest import HOST, Container, Jobs, last, pod, succeeded
from tests.doubles.bucket import KEYS, Double, Environ, made, serving

MIB = 1024 * 1024
PREFIX = f"flagsmith/{HOST}/"
OLD = "flagsmith-20260101T020000Z"


class Store:
    """A bucket that the Jobs know, what is in it, and how it answers."""

    def __init__(self, double: Double, bucket: Any) -> None:
        self.double, self.bucket = double, bucket

    def objects(self) -> set[str]:
        return {item.key.removeprefix(PREFIX) for item in self.bucket.objects.all()}

    def uploads(self) -> set[str]:
        """What was begun and neither ended nor taken back."""
        return {item.object_key.removeprefix(PREFIX) for item in self.bucket.multipart_uploads.all()}

    def begin(self, name: str) -> None:
        self.bucket.Object(PREFIX + name).initiate_multipart_upload()

    def answer(self, status: str, when: Callable[[Environ], bool], times: int = 1000) -> None:
        """Answer `status` to the first `times` requests of a kind."""
        left = [times]

        def hook(environ: Environ, start: Any) -> Any:
            if not when(environ) or not left[0]:
                return None
            left[0] -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(status, [("Content-Type", "application/xml")])
            code = {"403": "AccessDenied", "500": "InternalError"}[status[:3]]
            return [f"<Error><Code>{code}</Code><Message>of the test</Message></Error>".encode()]

        self.double.hook = hook


def is_part(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "PUT" and "partNumber=" in environ["QUERY_STRING"]


def is_end(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "POST" and "uploadId=" in environ["QUERY_STRING"]


def is_search(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and "uploads" in environ["QUERY_STRING"]


def is_fetch(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and ".dump" in environ["PATH_INFO"]


@pytest.fixture
def store(jobs: Jobs) -> Iterator[Store]:
    with serving() as double:
        address = f"http://127.0.0.1:{double.port}"
        bucket = made(address)
        for upload in bucket.multipart_uploads.all():
            upload.abort()
        jobs.environment |= {**KEYS, "S3_PATH_STYLE": "true", "STORE": "s3://backups/flagsmith", "S3_ENDPOINT": address}
        yield Store(double, bucket)


def instead(jobs: Jobs, program: str, script: str) -> str:
    """A PATH on which a program is another one."""
    programs = jobs.home / "instead"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    (programs / program).write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    (programs / program).chmod(0o755)
    return f"{programs}:{jobs.programs}:/usr/bin:/bin"


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def half_way(jobs: Jobs, half: int = 70 * MIB) -> tuple[Container, Container]:
    """A dump that has come half-way, more than a part, and goes on for ever, beside what stores it."""
    work = jobs.work()
    path = instead(jobs, "pg_dump", f"head -c {half} /dev/urandom; : >{work}/half; exec sleep 600")
    dump, storing = jobs.shell(*DUMP, PATH=path), jobs.storing("put")
    until(lambda: (work / "half").exists())
    return dump, storing


def said(*containers: Container) -> str:
    done = pod(*containers)
    assert done.returncode != 0
    return done.stderr


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
    work = jobs.work()
    # It goes on as long as there is who takes it.
    path = instead(jobs, "pg_dump", f"head -c {70 * MIB} /dev/urandom; : >{work}/half; exec cat /dev/zero")
    dump, storing = jobs.shell(*DUMP, PATH=path), jobs.storing("put")
    until(lambda: (work / "half").exists() and store.uploads())
    storing.kill()
    storing.ended()
    assert "or what stores it did" in dump.ended().stderr
    assert store.objects() == set()
    (left,) = store.uploads()
    store.begin(f"{OLD}.dump")
    store.begin("somebody-s.dump")
    store.bucket.Object(f"flagsmith/other.example.org/{OLD}.dump").initiate_multipart_upload()
    done = jobs.backup()["stored"]
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
    store.double.hook = lambda environ, _: time.sleep(2) if is_part(environ) or is_fetch(environ) else None
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


def dumped(jobs: Jobs, content: str, database: int) -> Container:
    """What a dump would write into the pipe."""
    name = "flagsmith-20260101T000000Z"
    said = f'{{"name": "{name}", "file": "{name}.dump", "label": "", "started": "", "rows": {{}}}}'
    source = (SCRIPTS / PIPES).read_text("utf-8")
    source += f"open_pipe dump writer; echo {name}.dump {database} >&7; {content} >&7; echo '{said}' >$WORK/{name}.json"
    return jobs.start(["bash", "-c", source], {}, None)


@pytest.mark.parametrize(("database", "parts"), [(MIB, 5), (600 * 1024**3, 3)], ids=["usual", "very large"])
def test_a_large_dump_needs_the_memory_of_a_part_and_no_disk(
    jobs: Jobs, store: Store, database: int, parts: int
) -> None:
    work, size = jobs.work(), 300 * MIB
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
    assert most / 1024 < (192 if parts == 5 else 384)
    assert disk < MIB


def test_a_database_of_which_a_dump_is_too_large_for_a_bucket_is_refused_with_the_way(jobs: Jobs, store: Store) -> None:
    jobs.work()
    reason = said(dumped(jobs, "head -c 100 /dev/zero", 700 * 1024**3), jobs.storing("put"))
    assert "The database has 700 GiB, and of one of more than 625 GiB no dump goes into a bucket" in reason
    assert "postgres.cluster.backup" in reason
    assert (store.objects(), store.uploads()) == (set(), set())


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


def test_a_file_that_comes_only_in_part_changes_nothing(jobs: Jobs) -> None:
    stored = jobs.backup()["stored"]
    content = (jobs.home / "store" / stored["file"]).read_bytes()
    jobs.postgres.query("TRUNCATE features CASCADE")
    before = jobs.content()
    assert said_of(jobs.upload(content[:-1] + b"?"))
    assert jobs.content() == before
