"""Where the code below some directories uses the flags, and which of its flags nobody declared."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import FileLine
from flagops.commands.flags.code.mentions import SUFFIXES, look_for, mentions
from flagops.commands.flags.code.openfeature import SCHEMA
from flagops.errors import NotFoundError

LARGEST = 1 << 20
HEAD = 1000  # letters of a file in which its generator names itself
SKIPPED = frozenset([".git", ".hg", ".venv", "venv", "node_modules", "dist", "build", "vendor", "__pycache__", ".tox"])
GENERATED = re.compile(r"\bgenerated\b.*\bdo not edit\b", re.IGNORECASE)


@dataclass(frozen=True)
class References:
    """What was found.

    Attributes:
        files: How many files were read.
        uses: The places of each declared flag, in the catalogue's order.
        undeclared: The places of each flag that is read and not declared.
        unused: Declared flags that no file uses.
        expired: Flags past their day that are still used.
    """

    files: int
    uses: Mapping[str, tuple[FileLine, ...]]
    undeclared: Mapping[str, tuple[FileLine, ...]]
    unused: tuple[str, ...]
    expired: tuple[str, ...]


def references(
    catalogue: Catalogue, paths: Collection[Path], *, own: Path, today: date, ignored: Collection[str] = ()
) -> References:
    """Where files use flags. What generators made of the catalogue uses none of them, nor does its file `own`."""
    found: defaultdict[str, set[tuple[Path, int]]] = defaultdict(set)
    names = look_for(catalogue.flags)
    files = 0
    for path in _sources(paths):
        text = None if path.resolve() == own.resolve() else _text(path)
        if text is None:
            continue
        files += 1
        for name, offset in mentions(text, path.suffix.lower(), names):
            found[name].add((path, text.count("\n", 0, offset) + 1))
    if not files:
        kinds = ", ".join(sorted(SUFFIXES))
        raise NotFoundError(
            f"There is no source file in {', '.join(map(str, paths))}.", hint=f"These are read: {kinds}."
        )
    places = {name: tuple(FileLine(*place) for place in sorted(some)) for name, some in found.items()}
    uses = {name: places.get(name, ()) for name in catalogue.flags}
    expired = [name for name, flag in catalogue.flags.items() if flag.expires is not None and flag.expires < today]
    return References(
        files=files,
        uses=uses,
        undeclared={name: places[name] for name in sorted(places.keys() - uses.keys() - set(ignored))},
        unused=tuple(name for name, some in uses.items() if not some),
        expired=tuple(name for name in expired if uses[name]),
    )


def _sources(paths: Collection[Path]) -> Iterator[Path]:
    """The source files below the paths, each once."""
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"There is no {path}.", hint="Name files and directories with source code.")
        for file in sorted(_below(path)) if path.is_dir() else [path]:
            if file.suffix.lower() in SUFFIXES and not file.is_symlink() and file.is_file():
                real = file.resolve()
                if real not in seen:
                    seen.add(real)
                    yield file


def _below(directory: Path) -> Iterator[Path]:
    names = _known_to_git(directory)
    if names is not None:
        yield from (directory / name for name in names if SKIPPED.isdisjoint(Path(name).parts[:-1]))
        return
    for place, directories, files in os.walk(directory):
        directories[:] = [name for name in directories if name not in SKIPPED]
        yield from (Path(place, name) for name in files)


def _known_to_git(directory: Path) -> list[str] | None:
    """The files in git and those that are new; None outside of a repository, and for a directory that git ignores."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run(  # noqa: S603 - git, with the directory as the value of an option
        [git, "-C", str(directory), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name] or None if done.returncode == 0 else None


def _text(path: Path) -> str | None:
    """A file's text; None for what is too large, binary or generated."""
    if path.stat().st_size > LARGEST:
        return None
    data = path.read_bytes()
    if b"\0" in data:
        return None
    text = data.decode("utf-8", errors="replace")
    head = text[:HEAD]
    return None if GENERATED.search(head) or SCHEMA in head else text
