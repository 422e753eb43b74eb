"""Which `ff` this is: its release, and the commit that it was made from."""

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

DISTRIBUTION = "feature-flags"
COMMIT_FILE = Path(__file__).with_name("commit.txt")
"""Written into what is built (hatch_build.py); a checkout has none, and asks git."""
CHECKOUT = Path(__file__).parents[1]
"""Where this code is, if it is not built. It need not be the project that `ff` works on."""

SECONDS = 5


def describe() -> str:
    """The release and the commit, such as `0.1.0 (commit 3f2a9c1d0b7e)`.

    A checkout whose files differ from its commit says `, changed`. What is neither built nor a checkout has no commit.
    """
    built = commit()
    found = f"commit {built}" if built else _checked_out()
    return f"{release()} ({found})" if found else release()


def release() -> str:
    """The release, such as `0.1.0`."""
    return version(DISTRIBUTION)


def commit() -> str | None:
    """The first twelve digits of the commit that what is installed was built from; None for a checkout."""
    try:
        return COMMIT_FILE.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def _checked_out() -> str | None:
    # An installation inside somebody else's repository is not of that repository's commit.
    if not (CHECKOUT / ".git").exists():
        return None
    commit = _git("rev-parse", "--short=12", "HEAD")
    if commit is None:
        return None
    return f"commit {commit}, changed" if _git("status", "--porcelain") else f"commit {commit}"


def _git(*arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(CHECKOUT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
