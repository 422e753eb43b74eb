"""Bringing a project to another release: what would change in its files, and which of them people have edited."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from components.text import bounds
from flagops import pin
from flagops.commands.init import lock
from flagops.commands.init.alone import alone
from flagops.commands.init.files import Files
from flagops.commands.init.record import FILE, Record, digest, read
from flagops.errors import BadInputError, RefusedError
from flagops.files import reading

BESIDE: Final = ".ff-new"
"""What the name ends with of a new text that lies beside an edited file."""
FILE_BYTES: Final = 64 * 1024**2
_HASH: Final = re.compile(r" +--hash=sha256:")
_CONSTRAINT: Final = f"--constraint {lock.VERSIONS}"


class FileFate(StrEnum):
    """What happens to a file."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    EDITED = "edited"
    """It is left as it is, and the new text is beside it. So is a file of the project's own in a new one's place."""
    KEPT = "kept"
    """The release has it no more, and somebody has edited it: it is left."""
    DELETED = "deleted"
    """Somebody deleted it, and it stays away."""


@dataclass(frozen=True)
class FileChange:
    """One file of the project that a release would write otherwise.

    Attributes:
        name: Its path in the project.
        kind: What happens to it.
        there: Its content now; None if it is not there.
        wanted: Its content by the release; None if that has it no more.
        beside: Of an edited file, what lies where its new text comes; None if nothing does.
    """

    name: str
    kind: FileFate
    there: bytes | None
    wanted: bytes | None
    beside: bytes | None = None

    @property
    def diff(self) -> str:
        """The lines that differ, without those of hashes; empty for what is no text."""
        try:
            before, after = (
                # Each package of a lock has a line with its version, and up to a hundred hashes.
                [line for line in (content or b"").decode().splitlines(keepends=True) if not _HASH.match(line)]
                for content in (self.there, self.wanted)
            )
        except UnicodeDecodeError:
            return ""
        return "".join(difflib.unified_diff(before, after, self.name, self.name, n=1))


def leaves_versions(found: Sequence[FileChange]) -> bool:
    """Whether the project keeps versions of the platform's packages that are not the release's."""
    return any(change.name == lock.VERSIONS and change.kind is FileFate.EDITED for change in found)


def changes(project: Path, before: Record, wanted: Files) -> list[FileChange]:
    """What a release would change in a project, by what it wrote the last time, what is there, and what it wants.

    Raises RefusedError where a new text would take the place of one beside its file that somebody works on.
    """
    found = []
    for name in sorted({*before.files, *wanted}):
        there = _content(project / name)
        new = wanted.get(name)
        kind = _kind(before.files.get(name), there, new)
        if name == pin.FILE and there is not None and new is not None:
            owns_versions = _owns_versions(project, before, wanted)
            if kind is FileFate.EDITED or (kind is FileFate.CHANGED and owns_versions):
                # Its one line is what an upgrade is for, and the others are the project's.
                binds = lock.VERSIONS not in before.files and not owns_versions
                kind, new = FileFate.CHANGED, _raised(there, new, binds=binds)
        beside = None
        if kind is FileFate.EDITED and new is not None:
            beside = _beside(project, name + BESIDE, {before.files.get(name), digest(new)})
        if kind is not None and new != there:
            found.append(FileChange(name, kind, there, new, beside))
    return found


def _beside(project: Path, beside: str, written: set[str | None]) -> bytes | None:
    there = _content(project / beside)
    if there is not None and digest(there) not in written:
        raise RefusedError(
            f"{beside} is not as ff init wrote it, and the release's text would take its place. Nothing was changed.",
            hint=f"Take over what you want into {beside.removesuffix(BESIDE)}, delete {beside}, and run this again.",
        )
    return there


def _owns_versions(project: Path, before: Record, wanted: Files) -> bool:
    """Whether the project has a file of its own where the release has its versions: the release before wrote none.

    The requirements are not bound to it.
    """
    there = _content(project / lock.VERSIONS)
    return lock.VERSIONS not in before.files and there not in (None, wanted.get(lock.VERSIONS))


def _raised(there: bytes, wanted: bytes, *, binds: bool) -> bytes:
    """The requirements with the line of the platform as the release has it; where it is in none, a line more."""
    line = next(line for line in wanted.decode().splitlines() if pin.parse(line))
    raised: list[str] = [_CONSTRAINT] if binds and _CONSTRAINT.encode() not in there else []
    is_rest = False  # of a line that goes on below, with hashes of the former release
    for old in there.decode(errors="surrogateescape").splitlines():
        is_platform = pin.names_platform(old)
        if not is_rest:
            raised.append(line if is_platform else old)
        is_rest = (is_rest or is_platform) and old.rstrip().endswith("\\")
    if line not in raised:
        raised.append(line)
    return ("\n".join(raised) + "\n").encode(errors="surrogateescape")


def write(project: Path, before: Record, found: Sequence[FileChange], record: bytes) -> None:
    """Write what changes; texts of edited files beside them, and the record last, so that a killed run is run again.

    Raises RefusedError for what is no longer as `changes` found it, or while another run is at work there, and
    BadInputError for what cannot be written.
    """
    try:
        with alone(project):
            _require_as_found(project, before, found)
            for change in found:
                _write_one(project, change)
            _replace(project / FILE, record)
    except OSError as error:
        raise BadInputError(
            f"{error.filename} cannot be written: {error.strerror}.", hint="Correct that, and run this again."
        ) from None


def _write_one(project: Path, change: FileChange) -> None:
    path = project / change.name
    if change.kind is FileFate.REMOVED:
        path.unlink(missing_ok=True)
    elif change.wanted is not None and change.kind in (FileFate.NEW, FileFate.CHANGED, FileFate.EDITED):
        path = path.with_name(path.name + BESIDE) if change.kind is FileFate.EDITED else path
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, change.wanted)


def _require_as_found(project: Path, before: Record, found: Sequence[FileChange]) -> None:
    """Between the look and the writing a person was asked, and may have edited first what the question showed."""
    others = [change.name for change in found if _content(project / change.name) != change.there]
    for change in found:
        name = change.name + BESIDE
        if change.kind is FileFate.EDITED and _content(project / name) != change.beside:
            others.append(name)
    if read(project) != before:
        others.append(FILE)
    if others:
        raise RefusedError(
            f"Edited since it was shown: {', '.join(others)}. Nothing was changed.",
            hint="Run this again: it shows what would change now.",
        )


def _kind(recorded: str | None, there: bytes | None, wanted: bytes | None) -> FileFate | None:
    """What happens to a file; None if nothing does."""
    now = None if there is None else digest(there)
    if wanted is None:
        if there is None:
            return None
        return FileFate.REMOVED if now == recorded else FileFate.KEPT
    if digest(wanted) in (now, recorded):
        return None  # it is so already, or the release says nothing new
    if there is None:
        return FileFate.NEW if recorded is None else FileFate.DELETED
    return FileFate.CHANGED if now == recorded else FileFate.EDITED


def _content(path: Path) -> bytes | None:
    if not path.exists() and not path.is_symlink():
        return None
    with reading(path):
        return bounds.bytes_of(path, FILE_BYTES)


def _replace(path: Path, content: bytes) -> None:
    path = path.resolve()  # a symbolic link stays one
    temporary = path.with_name(f".{path.name}.ff-init")
    try:
        temporary.write_bytes(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
