"""What a check reports about a setting, before it is put into words for the reader."""

from dataclasses import dataclass
from enum import Enum


class Shown(Enum):
    """Which value a message shows when the problem does not carry one."""

    LOOKED_UP = "what the user wrote"
    NOT_SHOWN = "none, since it is missing or could be a secret"


LOOK_UP = Shown.LOOKED_UP
NOT_SHOWN = Shown.NOT_SHOWN


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with the settings.

    `path` holds the camelCase keys from the section that reports it down to the culprit. `text` says what is allowed
    and what to do. `value` is only given when the culprit is a value that the program derived; otherwise the message
    shows what the user wrote. `choices` are all values that are allowed, where there are few.
    """

    path: tuple[str | int, ...]
    text: str
    value: object = LOOK_UP
    choices: tuple[str, ...] = ()


class ContradictionError(ValueError):
    """Raised inside a model's validation to report several problems at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems
