"""A new project: all of it, or nothing."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from components.settings import SettingsError
from components.text import bounds
from flagops.commands.init.alone import alone
from flagops.commands.init.files import Files
from flagops.commands.init.record import FILE, digest, read
from flagops.errors import BadInputError, NotFoundError, RefusedError
from flagops.stacks.files import load_stack, stack_names

HARMLESS: Final = frozenset({".git", ".venv", "LICENSE", ".DS_Store"})
"""What a folder may have in which a project is made."""
TEMPORARY: Final = ".ff-init-"


def make(directory: Path, files: Files) -> None:
    """Write a project into a folder, which is made if it is not there. What a run that was killed left goes before.

    Raises RefusedError for a folder with other files in it or in which another run is at work, and BadInputError for
    one that cannot be written, or for settings that the platform refuses; nothing is left then.
    """
    require_empty(directory)
    try:
        place = directory.resolve()  # of `a/../b` no part may be taken for new twice
        with _made(place) as new, alone(place):
            require_empty(directory)  # another run may have made a project since
            _remove(_left(place))
            _remove(place.glob(f"{TEMPORARY}*"))  # last: what was left is known by them
            _write(place, files, new)
    except OSError as error:
        raise BadInputError(f"No project can be made in {directory}: {error.strerror or error}.") from None


def _write(place: Path, files: Files, new: list[Path]) -> None:
    with tempfile.TemporaryDirectory(dir=place, prefix=TEMPORARY) as temporary:
        draft = Path(temporary)
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        check(draft)
        _move(draft, place, new)


def check(project: Path) -> None:
    """Raise BadInputError for a stack with settings that the platform refuses."""
    for name in stack_names(project):
        try:
            _ = load_stack(name, project).settings
        except SettingsError as error:
            raise BadInputError(f"The platform refuses the settings of the stack {name}:\n{error}") from None


def require_empty(directory: Path) -> None:
    """Raise RefusedError for a folder with files in it, and BadInputError for what is no folder or cannot be read."""
    try:
        ours = {path.name for path in _left(directory)}
        there = sorted(path.name for path in directory.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise BadInputError(
            f"{directory} is a file, or below one.", hint="Give a folder that is new or empty."
        ) from None
    except OSError as error:
        raise BadInputError(f"{directory} cannot be read: {error.strerror}.") from None
    found = [name for name in there if name not in HARMLESS | ours and not name.startswith(TEMPORARY)]
    if found:
        listed = ", ".join(found[:3]) + (" and more" if len(found) > 3 else "")
        raise RefusedError(
            f"{directory} is not empty: it has {listed}. Nothing was written.",
            hint="Give a folder that is new or empty. A project that ff init made is brought to this release by "
            "`ff init --upgrade`.",
        )


def _left(directory: Path) -> list[Path]:
    """What a run that was killed moved there, as it wrote it: its draft still has the record, which moves last."""
    found: list[Path] = []
    for draft in directory.glob(f"{TEMPORARY}*"):
        try:
            written = read(draft).files
        except (BadInputError, NotFoundError):
            continue  # of a run that had moved nothing yet
        ours = {name.partition("/")[0] for name in written}
        for path in directory.iterdir():
            files = [file for file in (path, *path.rglob("*")) if file.is_symlink() or not file.is_dir()]
            # A second run that was killed too leaves folders without files.
            if (files or path.name in ours) and all(
                _is_written(file, written.get(file.relative_to(directory).as_posix())) for file in files
            ):
                found.append(path)
    return found


def _is_written(file: Path, recorded: str | None) -> bool:
    if recorded is None or file.is_symlink():
        return False
    try:
        return digest(bounds.bytes_of(file)) == recorded
    except OSError:
        return False  # too large for what was written, no file, or not to be read: somebody else's


def repository_above(directory: Path) -> Path | None:
    """The repository that a folder is somewhere below in; None if it is in none, or is the top of its own."""
    if (directory / ".git").exists():
        return None
    return next((above for above in directory.resolve().parents if (above / ".git").exists()), None)


@contextmanager
def _made(directory: Path) -> Iterator[list[Path]]:
    """The folder, with those above it; what is new, and what is noted, goes again if the block fails."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    made: list[Path] = []
    noted: list[Path] = []
    try:
        for path in reversed(missing):
            with suppress(FileExistsError):  # another run was faster
                path.mkdir()
                made.append(path)
        yield noted
    except BaseException:
        _remove(noted)
        for path in reversed(made):
            with suppress(OSError):  # somebody else has put something into it, or taken it away
                path.rmdir()
        raise


def _move(draft: Path, directory: Path, moved: list[Path]) -> None:
    """Move all that is in a folder into another one on the same disk, and note it. The record is the last."""
    for path in sorted(draft.iterdir(), key=lambda path: (path.name == FILE, path.name)):
        moved.append(directory / path.name)
        path.rename(directory / path.name)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
