"""Which project `ff` works on: the folder of our `Pulumi.yaml`, found from the working directory upwards, or told."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any, Final

from components.text import bounds, quoting
from flagops.errors import BadInputError, NotFoundError, OpsError, RefusedError
from flagops.files import reading

FILE: Final = "Pulumi.yaml"
"""What makes a folder a project, if it is ours."""
NAME: Final = "feature-flags"
"""The project's name: settings are read under it, and it is part of the URN of everything that is deployed."""
RUNTIME: Final = "python"
OPTION: Final = "--project"
VARIABLE: Final = "FF_PROJECT"
"""The environment's word for `--project`, which wins; empty is as good as not set."""
LOCAL: Final = "local"
"""The stack that only ever goes to the cluster which `ff cluster up` makes."""
NAME_IT: Final = f"name it: ff {OPTION} DIR …, or set {VARIABLE}."


class OutsideError(NotFoundError):
    """The working directory is in no project, and nobody named one."""


@dataclass(frozen=True)
class _Origin:
    """Where the search begins.

    Attributes:
        directory: The working directory; None if there is none any more, or it cannot be told.
        named: The folder that is told, as it was written; None for the search upwards.
        by: What told it.
    """

    directory: Path | None
    named: str | None = None
    by: str = ""


_run: list[_Origin] = []  # of the run of `ff` that this process is in: programs it evaluates change directories


def begin(option: str | None) -> None:
    """Note from where this run of `ff` looks for its project, and what `--project` says. Nothing is looked for yet."""
    _run[:] = [_origin(option)]


def end() -> None:
    """Forget the run."""
    _run.clear()


def root() -> Path:
    """The directory of `Pulumi.yaml` and the stacks' files, with symbolic links resolved.

    The nearest `Pulumi.yaml` decides: if it is somebody else's, or cannot be read, the folders above are not taken in
    its place.

    Raises OutsideError where there is none, and other OpsErrors for one that is told and none, or cannot be read.
    """
    return _found(_run[0] if _run else _origin(None))


def root_or_none() -> Path | None:
    """The same for what works without a project too; None outside of one."""
    try:
        return root()
    except OutsideError:
        return None


def path_of(name: Path) -> Path:
    """A file of the project, as it is named from the working directory; outside of a project, that directory's own."""
    found, here = root_or_none(), (_run[0] if _run else _origin(None)).directory
    if found is None:
        return name
    if here is not None and here.is_relative_to(found):
        return Path(os.path.relpath(found / name, here))
    return found / name


def for_children(directory: Path) -> dict[str, str]:
    """What a program that `ff` starts needs in its environment, to be of the same project from wherever it runs."""
    return {VARIABLE: str(directory)}


def _origin(option: str | None) -> _Origin:
    directory = None
    with suppress(OSError):
        directory = Path.cwd()
    if option is not None:
        return _Origin(directory, option, OPTION)
    told = os.environ.get(VARIABLE)
    return _Origin(directory, told, VARIABLE) if told else _Origin(directory)


@cache
def _found(origin: _Origin) -> Path:
    if origin.named is not None:
        return _told(origin.named, origin)
    if origin.directory is None:
        raise OutsideError(
            f"There is no project to find: the working directory, from which ff looks for {FILE}, is gone.",
            hint=f"Go to the project's folder, or {NAME_IT}",
        )
    place = next(_upwards(origin.directory), None)
    if place is None:
        raise OutsideError(
            f"There is no project here: neither {origin.directory} nor a folder above it has the {FILE} of {NAME}.",
            hint=f"Go to the project's folder, or {NAME_IT}",
        )
    reason = _foreign(place)
    if reason is not None:
        raise OutsideError(f"There is no project here: {reason}", hint=_another(place.parent))
    _refuse_planted(place, origin.directory)
    return place


def _told(named: str, origin: _Origin) -> Path:
    if not named:
        raise BadInputError(f"{origin.by} is empty.", hint="Give the project's folder.")
    if "\0" in named:
        raise BadInputError(f"{origin.by} holds a zero byte.", hint="Give the project's folder.")
    said = f"{origin.by} {quoting.value(named)}"
    try:
        place = (Path(named) if origin.directory is None else origin.directory / named).resolve(strict=True)
    except FileNotFoundError:
        raise NotFoundError(
            f"{said} is not there.", hint=f"Give the project's folder, the one with the {FILE} of {NAME}."
        ) from None
    except (OSError, RuntimeError) as error:  # RuntimeError for links in a circle
        why = error.strerror if isinstance(error, OSError) else "its links go in a circle"
        raise BadInputError(f"{said} cannot be read: {why}.") from None
    if not place.is_dir():
        raise BadInputError(f"{said} is a file.", hint=f"Give the folder in which the project's {FILE} is.")
    if not _has_file(place):
        raise NotFoundError(f"{said} is not a project: it has no {FILE}.", hint=_another(place.parent))
    reason = _foreign(place)
    if reason is not None:
        raise BadInputError(f"{said} is not a project: {reason}", hint=_another(place.parent))
    return place


def _upwards(directory: Path) -> Iterator[Path]:
    """The folders with a `Pulumi.yaml`, the nearest first."""
    return (place for place in (directory, *directory.parents) if _has_file(place))


def _has_file(place: Path) -> bool:
    path = place / FILE
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.", hint=f"Or {NAME_IT}") from None
    return True


def _foreign(place: Path) -> str | None:
    """Why the folder's `Pulumi.yaml` is not of a project like ours; None if it is. Raises OpsError for a broken one."""
    path = place / FILE
    content = read(path)
    runtime, main = content.get("runtime"), content.get("main")
    given = {
        "name": (content.get("name"), NAME),
        "runtime": (runtime.get("name") if isinstance(runtime, Mapping) else runtime, RUNTIME),
    }
    wrong = [
        f"its {key} is {quoting.value(value)} and not {wanted}" if value is not None else f"it has no {key}"
        for key, (value, wanted) in given.items()
        if value != wanted
    ]
    if main is not None and (not isinstance(main, str) or os.path.normpath(main) != os.curdir):
        wrong.append(f"its main is {quoting.value(main)}, and the program is in the folder itself")
    return f"{path} is another program's: {'; '.join(wrong)}." if wrong else None


def read(path: Path) -> dict[str, Any]:
    """The content of a YAML file of Pulumi's: a mapping; empty for an empty file. Raises OpsError for anything else."""
    absent = NotFoundError(f"{path} does not exist.", hint=f"It is a file of the project; for another, {NAME_IT}")
    with reading(path, absent=absent):
        text = bounds.text_of(path, bounds.STACK_BYTES)
    return parsed(text, path)


def parsed(text: str, path: Path) -> dict[str, Any]:
    """The same of a text that is, or is to be, the file's."""
    # YAML takes a while to import, and the help needs none.
    from components.text import yaml12

    try:
        content = yaml12.read(text)
    except yaml12.YamlError as error:
        raise BadInputError(f"{path} cannot be read: {error}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadInputError(f"{path} must be a mapping of keys to values.")
    return content


def _another(place: Path) -> str:
    """What to do where the nearest `Pulumi.yaml` is not ours: the project above it is named, if there is one."""
    for above in (place, *place.parents):
        with suppress(OpsError):
            if _has_file(above) and _foreign(above) is None:
                return f"The project above it is taken if you name it: ff {OPTION} {quote(str(above))} …"
    return f"Go to the project's folder, or {NAME_IT}"


def _refuse_planted(place: Path, directory: Path) -> None:
    """Refuse a project above the working directory that is somebody else's: `ff` runs its program.

    In /tmp, or another folder that several people write to, anybody could leave one.
    """
    if place == directory or not hasattr(os, "getuid"):
        return
    path = place / FILE
    if path.lstat().st_uid not in (os.getuid(), 0):
        raise RefusedError(
            f"{path}, above the working directory, belongs to another user, whose program ff would run.",
            hint=f"If you trust it, go to its folder, or name it: ff {OPTION} {quote(str(place))} …",
        )
