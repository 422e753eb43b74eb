"""Of several workers that want the same at once, one makes it."""

import fcntl
from pathlib import Path

import pytest

from tests import kept


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "_place", tmp_path)
    return tmp_path


def others_wait(place: Path) -> None:
    """Another worker, which wants the same now, would wait."""
    (lock,) = place.glob("*.lock")
    with lock.open("wb") as mine, pytest.raises(BlockingIOError):
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_while_one_makes_it_the_others_wait(place: Path) -> None:
    def make() -> bytes:
        others_wait(place)
        return b"made"

    assert kept.kept("key", make) == b"made"
    assert kept.kept("key", lambda: b"again") == b"made"


def test_one_that_fails_leaves_it_to_the_next(place: Path) -> None:
    def fail() -> bytes:
        others_wait(place)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept.kept("key", fail)
    assert kept.kept("key", lambda: b"made") == b"made"


def test_a_directory_that_failed_is_made_anew_where_it_stays(place: Path) -> None:
    def fail(path: Path) -> None:
        others_wait(place)
        path.mkdir()
        (path / "half").touch()
        raise ZeroDivisionError

    def make(path: Path) -> None:
        path.mkdir()
        (path / "where").write_text(str(path), encoding="utf-8")

    with pytest.raises(ZeroDivisionError):
        kept.directory("key", fail)
    made = kept.directory("key", make)
    assert [(one.name, one.read_text(encoding="utf-8")) for one in made.iterdir()] == [("where", str(made))]
    assert kept.directory("key", fail) == made


def test_what_cannot_be_removed_of_one_that_failed_is_not_taken_for_whole(place: Path) -> None:
    def fail(path: Path) -> None:
        others_wait(place)
        path.touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept.directory("key", fail)
    with pytest.raises(NotADirectoryError):
        kept.directory("key", lambda _: None)
