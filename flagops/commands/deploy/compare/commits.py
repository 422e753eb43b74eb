"""A stack's manifests as another commit has them: rendered by that commit's own program, in a directory of its own."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flagops.commands.deploy.compare.manifests import Manifests, of_directory
from flagops.errors import FailedError, NotFoundError, ToolError
from flagops.pin import CONSTRAINTS, Pin, pinned
from flagops.project import for_children

GIT_SECONDS = 120
# A rendering takes 4 s of a core, which on a machine that is busy are minutes.
RENDER_SECONDS = 900
INSTALL_SECONDS = 900
# The command's package, the newest name first: this installation's own is importable too, so the checkout decides.
PACKAGES = ("flagops", "ops")


def of_commit(root: Path, commit: str, stack: str) -> Manifests:
    """The manifests of `stack` at `commit`; none where that commit has no such stack.

    Raises OpsError when there is no such commit, or its program fails.
    """
    with checked_out(root, commit) as place:
        if not (place / f"Pulumi.{stack}.yaml").exists():
            return {}
        return of_checkout(place, commit, stack)


def of_checkout(place: Path, commit: str, stack: str) -> Manifests:
    """The manifests of a stack whose file is in a work tree, as that tree's own command renders them.

    Raises OpsError, which names the commit, when its program fails.
    """
    package = next((name for name in PACKAGES if (place / name).is_dir()), PACKAGES[0])
    command = [sys.executable, "-c", f"from {package}.cli import main; main()"]
    pin = None if (place / package).is_dir() else pinned(place)
    with TemporaryDirectory() as directory:
        if pin is not None and not pin.is_met():
            command = [str(_released(place, commit, pin, Path(directory) / "environment"))]
        out = Path(directory) / "manifests"
        environment = {**os.environ, "PYTHONPATH": str(place), **for_children(place)}
        done = _done([*command, "render", "--stack", stack, "--out", str(out)], place, RENDER_SECONDS, environment)
        if done.returncode:
            raise FailedError(f"The program of {commit} does not render {stack!r}:\n{done.stderr.strip()}")
        return of_directory(out)


def _released(place: Path, commit: str, pin: Pin, environment: Path) -> Path:
    """The `ff` of the release that a project pins at a commit, in an environment of its own."""
    bound = ["--constraint", CONSTRAINTS] if (place / CONSTRAINTS).exists() else []
    install = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", *bound, pin.requirement]
    for command in ([sys.executable, "-m", "venv", str(environment)], install):
        done = _done(command, place, INSTALL_SECONDS)
        if done.returncode:
            raise ToolError(
                f"{commit} is of another release of the platform, {pin.name}, which cannot be installed to render it:\n"
                f"{(done.stderr or done.stdout).strip()}",
                hint="Compare commits of one release, or let pip reach what requirements.txt names.",
            )
    return environment / "bin" / "ff"


@contextmanager
def checked_out(root: Path, commit: str) -> Iterator[Path]:
    """The project at a commit, in a work tree that is removed again. Raises OpsError when there is no such commit."""
    known = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if known.returncode:
        raise NotFoundError(
            f"There is no commit {commit!r} in {root}.", hint="Fetch it first: git fetch origin main; then origin/main."
        )
    with TemporaryDirectory() as directory:
        place = Path(directory) / "commit"
        added = _git(root, "worktree", "add", "--detach", "--force", str(place), known.stdout.strip())
        if added.returncode:
            raise FailedError(f"git cannot check out {commit!r}: {added.stderr.strip()}")
        below = _git(root, "rev-parse", "--show-prefix").stdout.strip()  # of a project within a larger repository
        try:
            yield place / below
        finally:
            _git(root, "worktree", "remove", "--force", str(place))


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        raise ToolError("git is not installed, and this needs it to read another commit.", hint="Install git.")
    return _done([git, "-C", str(root), *arguments], root, GIT_SECONDS)


def _done(
    command: list[str], place: Path, seconds: float, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """How a program ended. Raises FailedError when it goes on for too long."""
    try:
        # Git, this Python, and what the project runs anyway. The arguments are ours, but for the commit, which
        # `--end-of-options` keeps from being an option.
        return subprocess.run(  # noqa: S603
            command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise FailedError(
            f"`{shlex.join(command)}` has not ended in {seconds} s.",
            hint="Run it again when the machine has less to do.",
        ) from error
