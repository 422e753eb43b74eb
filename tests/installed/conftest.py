"""The wheel, built from this checkout, in an environment that does not know the checkout."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from flagops.project import VARIABLE
from tests import kept
from tests.recording import ROOT

SECONDS = 120
Variables = Mapping[str, str]
Done = subprocess.CompletedProcess[str]
NONE: Final[Variables] = {}
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it."""

    wheel: Path
    environment: Path

    @property
    def packages(self) -> Path:
        """Where the environment has its packages."""
        return next((self.environment / "lib").glob("python*")) / "site-packages"

    def run(self, *words: str, cwd: Path, code: int = 0, variables: Variables = NONE) -> Done:
        """Run `ff` of the environment in a folder; it has to exit with `code`."""
        return self.start("ff", *words, cwd=cwd, code=code, variables=variables)

    def start(self, program: str, *words: str, cwd: Path, code: int = 0, variables: Variables = NONE) -> Done:
        """Run a program of the environment in a folder; it has to exit with `code`."""
        dropped = {VARIABLE, "PYTHONPATH", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        done = subprocess.run(
            [str(self.environment / "bin" / program), *words],
            cwd=cwd,
            env={**environment, "COLUMNS": "400", **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done


def install(wheel: Path, environment: Path) -> Installed:
    """Put a wheel into a new environment: the wheel alone from a file, and its dependencies from this one."""
    uv = [str(BIN / "uv"), "--offline", "--quiet", "--no-config"]
    for command in (
        [*uv, "venv", "--python", sys.executable, str(environment)],
        [*uv, "pip", "install", "--python", str(environment / "bin" / "python"), "--no-deps", str(wheel)],
    ):
        subprocess.run(command, check=True, timeout=SECONDS)
    made = Installed(wheel, environment)
    # A folder that a .pth file names is searched, but its own .pth files are not read: one of them names the checkout.
    (made.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return made


def build(directory: Path, root: Path = ROOT) -> Path:
    """Build the wheel of a checkout into a directory."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=SECONDS)
    (wheel,) = directory.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed() -> Installed:
    """`ff` as people install it; once for all workers. It is read only."""

    def make(directory: Path) -> None:
        install(build(directory / "dist"), directory / "environment")

    directory = kept.directory("installed", make)
    (wheel,) = (directory / "dist").iterdir()
    return Installed(wheel, directory / "environment")
