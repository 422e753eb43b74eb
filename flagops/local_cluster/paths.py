"""Where a local cluster keeps its files, and the lock that keeps two runs apart."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from flagops.errors import NotFoundError
from flagops.files import make_directory

APPLICATION = "feature-flags"
STATE_HINT = "Set FF_STATE_DIR to a directory you can write to, or leave it out."


def state_home() -> Path:
    """Directory of what lives between runs: `FF_STATE_DIR`, else the user's state directory.

    Raises NotFoundError where it is in a home directory, and there is none.
    """
    return _home("FF_STATE_DIR", platformdirs.user_state_path)


def cache_home() -> Path:
    """Directory of what can be made again: `FF_CACHE_DIR`, else the user's cache directory; errors as for the state."""
    return _home("FF_CACHE_DIR", platformdirs.user_cache_path)


def _home(variable: str, default: Callable[[str], Path]) -> Path:
    override = os.environ.get(variable)
    try:
        return Path(override).expanduser().absolute() if override else default(APPLICATION)
    except RuntimeError:  # see flagops/homes.py
        what = (
            f"{variable} is {override}, and there is no such home directory."
            if override
            else f"Your user has no home directory, and {variable} is not set."
        )
        raise NotFoundError(
            what, hint=f"Set {variable} to a directory that you can write to, by its full path."
        ) from None


def cluster_directory(home: Path) -> Path:
    """Everything a cluster writes is below this directory, which `down` removes."""
    return home / "cluster"


def kubeconfig_file(home: Path) -> Path:
    """The kubeconfig of the cluster in `home`, whether or not it exists yet."""
    return cluster_directory(home) / "kubeconfig"


def remove_cluster_directory(home: Path) -> None:
    """Remove the cluster's files; `home` itself stays, other things may live in it."""
    directory = cluster_directory(home)
    if directory.exists():
        shutil.rmtree(directory)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold an exclusive lock on a directory, waiting for it as long as it takes.

    The directory itself is locked, so that no lock file is left behind. The lock ends with the process.
    """
    make_directory(directory, hint=STATE_HINT)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
