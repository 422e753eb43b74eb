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
    """A file, a line of it, and where in the line, for people and editors; both are counted from 1."""

    path: Path
    line: int
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" + ("" if self.column is None else f":{self.column}")


@dataclass(frozen=True)
class CatalogueFinding:
    """A problem with its place, for programs.

    Attributes:
        file: The catalogue's file.
        line: Counted from 1.
        column: Counted from 1, in characters; None where it is not known.
        key: Where, as people write it.
        problem: What was found, what is allowed, what to do.
        is_warning: Whether it is worth knowing only.
    """

    file: str
    line: int
    column: int | None
    key: str
    problem: str
    is_warning: bool = False


class CatalogueError(BadInputError):
    """A catalogue that cannot be used; the message has one line for each problem, of many for the first ones.

    Attributes:
        problems: All of them; none of a text that is not YAML.
        findings: All of them with their places; of a text that is not YAML the one thing that stops its reader.
    """

    def __init__(
        self, message: str, problems: Iterable[CatalogueProblem] = (), findings: Iterable[CatalogueFinding] = ()
    ) -> None:
        super().__init__(message)
        self.problems, self.findings = tuple(problems), tuple(findings)


def dotted(key: Key) -> str:
    """A key as people write it: flags.new_dashboard_enabled.variations[0].weight."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{quoting.key(part)}" if text else quoting.key(part)
    return text
