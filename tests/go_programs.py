"""Programs of the pinned modules below tools/: each test that needs one is skipped where there is no Go."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from flagops.local_cluster.build import TEMPORARY
from flagops.local_cluster.paths import cache_home, locked
from tests.recording import ROOT

BUILD_SECONDS: Final = 500
FETCH_SECONDS: Final = 300


def go() -> str:
    """Go's own program; the test is skipped where there is none."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("go is not installed: see README.md")
    return found


def built(tool: str, package: str) -> Path:
    """A program of tools/`tool`, built from its pinned source, and kept beside the cluster's as long as that is it."""
    module = ROOT / "tools" / tool
    made_of = sorted(path for path in module.iterdir() if path.suffix in (".go", ".mod", ".sum"))
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in made_of)).hexdigest()
    place = cache_home() / "bin" / f"{tool}-{digest[:12]}"
    with locked(place), TemporaryDirectory(dir=place, prefix=TEMPORARY) as unfinished:
        if not (place / tool).exists():
            new = Path(unfinished) / tool
            command = [go(), "build", "-mod=readonly", "-o", str(new), package]
            done = subprocess.run(
                command, cwd=module, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
            )
            assert done.returncode == 0, done.stderr
            new.replace(place / tool)
    return place / tool


def answer(tool: str, *arguments: str) -> str:
    """What Go prints when it is run in tools/`tool`, whose go.mod and go.sum it may not change."""
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    command, module = [go(), *arguments], ROOT / "tools" / tool
    done = subprocess.run(
        command, cwd=module, env=environment, capture_output=True, text=True, check=False, timeout=FETCH_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources(tool: str, module: str, version: str) -> Path:
    """The directory of a module's own files, whose checksum is in the go.sum of tools/`tool`; of no other module's."""
    return Path(json.loads(answer(tool, "mod", "download", "-json", f"{module}@{version}"))["Dir"])
