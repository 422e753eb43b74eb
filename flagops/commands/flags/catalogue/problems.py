"""What is wrong with a catalogue, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.text import quoting
from flagops.errors import BadInputError

Key = tuple[str | int, ...]


@dataclass(frozen=True)
class CatalogueProblem:
    """One thing that is wrong.

    Attributes:
        key: Where, as the keys from the top of the file.
        text: What was found, what is allowed, what to do.
        is_warning: Whether it is worth knowing only.
        lacks: The key that is missing there, if that is the problem.
    """

    key: Key
    text: str
    is_warning: bool = False
    lacks: str = ""


@dataclass(frozen=True)
class FileLine:
    """A file and a line of it, for people and editors."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class CatalogueError(BadInputError):
    """A catalogue that cannot be used; the message has one line for each problem, of many for the first ones.

    Attributes:
        problems: All of them; none of a text that is not YAML.
    """

    def __init__(self, message: str, problems: Iterable[CatalogueProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def dotted(key: Key) -> str:
    """A key as people write it: flags.new_dashboard_enabled.variations[0].weight."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{quoting.key(part)}" if text else quoting.key(part)
    return text
