"""Two Jobs that began a backup of one name: neither writes into the other's, or takes it for its own."""

from typing import Any

from tests.components.backup.conftest import Jobs
from tests.components.backup.stores import MIB, PREFIX, SECOND, Store, dumped, said, store
from tests.doubles.bucket import Environ

__all__ = ["store"]


def test_one_of_the_same_second_is_not_written_into(jobs: Jobs) -> None:
    jobs.work()
    (jobs.home / "store").mkdir()
    other = jobs.home / "store" / ".flagsmith-20260101T000000Z.dump.partial"
    other.write_bytes(b"of another Job")
    assert "File exists" in said(dumped(jobs, "head -c 100 /dev/zero", MIB), jobs.storing("put"))
    assert [(path.name, path.read_bytes()) for path in other.parent.iterdir()] == [(other.name, b"of another Job")]


def test_a_whole_one_of_the_same_second_stays_as_it_is_on_a_volume(jobs: Jobs) -> None:
    jobs.work()
    whole = jobs.home / "store" / f"{SECOND}.dump"
    whole.parent.mkdir()
    whole.write_bytes(b"of another Job")
    reason = said(dumped(jobs, "head -c 100 /dev/zero", MIB), jobs.storing("put"))
    assert f"Another Job began {SECOND}.dump in the same second" in reason
    assert [(path.name, path.read_bytes()) for path in whole.parent.iterdir()] == [(whole.name, b"of another Job")]


def test_a_whole_one_of_the_same_second_stays_as_it_is_in_a_bucket(jobs: Jobs, store: Store) -> None:
    jobs.work()
    store.bucket.put_object(Key=f"{PREFIX}{SECOND}.dump", Body=b"of another Job")
    reason = said(dumped(jobs, "head -c 100 /dev/zero", MIB), jobs.storing("put"))
    assert f"Another Job began {SECOND}.dump in the same second" in reason
    assert store.bucket.Object(f"{PREFIX}{SECOND}.dump").get()["Body"].read() == b"of another Job"
    assert (store.objects(), store.uploads()) == ({f"{SECOND}.dump"}, set())


def test_an_upload_of_the_same_second_is_left_alone(jobs: Jobs, store: Store) -> None:
    jobs.work()
    begun: list[str] = []

    def hook(environ: Environ, _: Any) -> None:
        if environ["REQUEST_METHOD"] == "POST" and environ["QUERY_STRING"] == "uploads" and not begun:
            begun.append(environ["PATH_INFO"])
            store.begin(f"{SECOND}.dump")

    store.double.hook = hook
    reason = said(dumped(jobs, "head -c 100 /dev/zero", MIB), jobs.storing("put"))
    assert begun
    assert f"Another Job began {SECOND}.dump in the same second" in reason
    assert (store.objects(), store.uploads()) == (set(), {f"{SECOND}.dump"}), "the other one goes on"


def test_a_store_that_shows_no_uploads_is_used_all_the_same(jobs: Jobs, store: Store) -> None:
    store.answer(
        "403 Forbidden", lambda environ: environ["REQUEST_METHOD"] == "GET" and "uploads" in environ["QUERY_STRING"]
    )
    assert jobs.backup()["stored"]["file"] in store.objects()
