"""Where a session of tests has its temporary files: in memory, if there is room, and gone with the session.

Servers make and remove thousands of small files, for which a disk takes time of the system and has them wait. Whoever
sets TMPDIR has them there, and finds what failed tests leave.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
import pytest

MEMORY: Final = Path("/dev/shm")
PREFIX: Final = "fft-"
ROOM: Final = 8 * 1024**3
"""Bytes that have to be free, in it and in the machine's memory. A whole run took up to 4.5 GiB."""
LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""How much memory a container may have, which counts what is in its file systems in memory."""
MADE: Final = pytest.StashKey[Path]()


def is_offered(memory: Path, environment: Mapping[str, str], room: int = ROOM) -> bool:
    """Whether they may go there: nobody names another place, there is room, and what is there may be executed."""
    if "TMPDIR" in environment or not memory.is_dir():
        return False
    there = os.statvfs(memory)
    free = min(there.f_bavail * there.f_frsize, psutil.virtual_memory().available, _limit() / 2)
    return free >= room and not there.f_flag & os.ST_NOEXEC


def _limit() -> float:
    for path in LIMITS:
        with suppress(OSError, ValueError):
            return int(path.read_text(encoding="utf-8"))
    return float("inf")


def remove_left(memory: Path) -> None:
    """Remove the directories of this user's sessions that were killed."""
    for left in memory.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # its session has just ended
            if left.lstat().st_uid == os.geteuid() and _locked(left):
                shutil.rmtree(left, ignore_errors=True)


def made(memory: Path) -> Path:
    """A new directory there, which is this process's until it ends."""
    while True:
        new = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory))
        with suppress(FileNotFoundError):  # another session took it for left, before it was locked
            new.chmod(0o711)  # a server's user has to come through
            if _locked(new):
                return new


def _locked(directory: Path) -> bool:
    """Whether it is a directory that nobody else has; then it is this process's, as long as that lives."""
    if directory.is_symlink() or not directory.is_dir():
        return False
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before anything is made. What this session starts has the variable, its workers too."""
    remove_left(MEMORY)
    if is_offered(MEMORY, os.environ):
        config.stash[MADE] = made(MEMORY)
        os.environ["TMPDIR"] = tempfile.tempdir = str(config.stash[MADE])
        # Shorter than pytest's own, as its name is: the path of a socket has at most 107 characters.
        config.option.basetemp = config.option.basetemp or str(config.stash[MADE] / "t")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """It ends with the session, and what this process makes from then on is elsewhere."""
    if MADE in config.stash:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
        shutil.rmtree(config.stash[MADE], ignore_errors=True)
