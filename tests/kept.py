"""What is made once in a session of tests and read by all of its workers: files of a directory that goes with it."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PLACE = pytest.StashKey[Path]()
_place: Path | None = None


def kept(key: str, make: Callable[[], bytes]) -> bytes:
    """The content for a key. Of two workers that want it first, at once, one makes it and the other waits for that."""
    if _place is None:  # outside of a session, as in `python -m tests.manifests`
        return make()
    path = _path(_place, key)
    if not path.exists():
        with _alone(path):
            if not path.exists():
                new = path.with_suffix(f".{os.getpid()}")
                new.write_bytes(make())
                new.replace(path)
    return path.read_bytes()


def directory(key: str, make: Callable[[Path], None]) -> Path:
    """The directory for a key, which `make` makes where it stays: in it may be its own path. Others wait for that."""
    if _place is None:
        raise RuntimeError("A directory is kept in a session of pytest alone.")
    path = _path(_place, key)
    is_whole = path.with_suffix(".whole")
    if not is_whole.exists():
        with _alone(path):
            if not is_whole.exists():
                with suppress(FileNotFoundError):
                    shutil.rmtree(path)  # of one that failed
                make(path)
                is_whole.touch()
    return path


def _path(place: Path, key: str) -> Path:
    return place / hashlib.sha256(key.encode()).hexdigest()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """All workers collect the same files at the same time. The lock ends with its process, if that is killed."""
    with path.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def pytest_configure(config: pytest.Config) -> None:
    """A worker has the directory of the session that it works for."""
    global _place
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is None:
        config.stash[PLACE] = Path(tempfile.mkdtemp(prefix="feature-flags-kept-"))
        _place = config.stash[PLACE]
    else:
        _place = Path(given["kept"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where it is."""
    node.workerinput["kept"] = str(node.config.stash[PLACE])


def pytest_unconfigure(config: pytest.Config) -> None:
    """It ends with the session."""
    if PLACE in config.stash:
        shutil.rmtree(config.stash[PLACE], ignore_errors=True)
