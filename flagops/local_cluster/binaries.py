"""Finds the cluster's programs: KUBEBUILDER_ASSETS, PATH, the cache, and else builds them once from tools/."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console

from flagops.local_cluster import build, pins
from flagops.local_cluster.paths import cache_home, locked

VERSION_SECONDS: Final = 10.0
"""How long a program may take to tell its version; they need less than 0.1 s."""


def control_plane(console: Console) -> dict[str, Path]:
    """The programs of the simulated cluster by name, built when they are nowhere to be found.

    Raises:
        OpsError: A program is missing and cannot be built.
    """
    programs: dict[str, Path] = {}
    for source in pins.CONTROL_PLANE:
        programs |= resolve(source, console)
    return programs


def resolve(source: pins.GoModule, console: Console) -> dict[str, Path]:
    """The programs of one source by name.

    KUBEBUILDER_ASSETS and PATH count only when the program there is of the pinned minor version, or of another one
    that the source allows. What is built is
    kept under the cache's `bin/<version>`. Two runs at once do not build the same: the second waits for the first.

    Raises:
        OpsError: A program is missing and cannot be built.
    """
    cache = _cache(source)
    found = programs_there(source)
    if found.keys() != source.packages.keys():
        with locked(cache):
            missing = [name for name in source.packages if name not in found and not _cached(name, cache)]
            if missing:
                build.build(source, missing, cache, console)
        found |= {name: cache / name for name in source.packages if name not in found}
    return found


def programs_there(source: pins.GoModule) -> dict[str, Path]:
    """Those programs of one source that need not be built, by name."""
    cache = _cache(source)
    return {name: path for name in source.packages if (path := _installed(name, source) or _cached(name, cache))}


def _cache(source: pins.GoModule) -> Path:
    return cache_home() / "bin" / pins.version(source)


def _installed(name: str, source: pins.GoModule) -> Path | None:
    """The first program of this name in KUBEBUILDER_ASSETS or on PATH that is of a version which will do."""
    pinned = pins.minor(pins.version(source))
    for path in _candidates(name):
        found = _minor_of(path)
        if found is not None and (found == pinned or (source.oldest is not None and found >= source.oldest)):
            return path.absolute()
    return None


def _candidates(name: str) -> Iterable[Path]:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and _is_program(Path(assets) / name):
        yield Path(assets) / name
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)


def _minor_of(path: Path) -> tuple[int, int] | None:
    try:
        result = subprocess.run(  # noqa: S603
            [path, "--version"], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return pins.minor(result.stdout) if result.returncode == 0 else None


def _cached(name: str, cache: Path) -> Path | None:
    return cache / name if _is_program(cache / name) else None


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
