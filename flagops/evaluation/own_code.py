"""Whether the program that `ff` evaluates is the project's: Python imports each package once, and it is `ff`'s own."""

import filecmp
import os
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Final

import components
import policies
from flagops.errors import RefusedError
from flagops.pin import FILE, pinned
from flagops.version import describe

PACKAGES: Final = (components, policies)
CODE: Final = frozenset({".py", ".sh", ".sql"})
NOT_OURS: Final = frozenset({".venv", "__pycache__", "custom"})
"""What is no part of the program: environments, and the project's own rules, which are read from the project."""


def refuse_other_code(root: Path) -> None:
    """Raise RefusedError where the project has other components or rules than this `ff`, which would render its own.

    A project without packages of its own takes those that are installed: of the release that its requirements name.
    """
    if not (root / components.__name__).is_dir():
        _refuse_other_release(root)
        return
    for package in PACKAGES:
        assert package.__file__ is not None  # noqa: S101 - both have a file
        own, project = Path(package.__file__).parent, root / package.__name__
        if not project.is_dir() or project.resolve() == own.resolve():
            continue
        different = next(_different(own, project), None)
        if different is not None:
            program = quote(str(root / ".venv" / "bin" / "ff"))
            raise RefusedError(
                f"The program of {root} is not the one that this ff has: {package.__name__}/{different} differs from "
                f"that of {own.parent}.",
                hint=f"Run the project's own: {program} (`make setup` there makes it).",
            )


def _refuse_other_release(root: Path) -> None:
    pin = pinned(root)
    if pin is not None and not pin.is_met():
        program = quote(str(root / ".venv" / "bin" / "ff"))
        raise RefusedError(
            f"The project in {root} is of {pin.name} (its {FILE}), and this command is {describe()}.",
            hint=f"Run the project's own: {program} (`pulumi install` there makes it). Or raise the project to this "
            "release: ff init --upgrade",
        )


def _different(own: Path, project: Path) -> Iterator[Path]:
    one, other = set(_code(own)), set(_code(project))
    yield from sorted(one ^ other)
    yield from (name for name in sorted(one & other) if not filecmp.cmp(own / name, project / name, shallow=False))


def _code(package: Path) -> Iterator[Path]:
    for directory, below, names in os.walk(package):
        below[:] = [name for name in below if name not in NOT_OURS]
        place = Path(directory).relative_to(package)
        yield from (place / name for name in names if Path(name).suffix in CODE)
