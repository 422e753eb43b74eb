"""What is told of an evaluation: the steps in the order in which they count, and what came of them."""

from dataclasses import dataclass
from enum import StrEnum

from flagops.serving.engine.user import User
from flagops.serving.engine.values import Plain


class DecidedBy(StrEnum):
    """What gives a user a flag, the strongest first."""

    IDENTITY = "identity"
    SEGMENT = "segment"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class ConditionTrace:
    """A condition, what is found of it with this user, and whether it holds."""

    text: str
    found: str
    holds: bool


@dataclass(frozen=True)
class GroupTrace:
    """Conditions, and further groups, of which `needs` (ALL, ANY or NONE) have to hold."""

    needs: str
    holds: bool
    conditions: tuple[ConditionTrace, ...]
    groups: tuple["GroupTrace", ...]


@dataclass(frozen=True)
class Step:
    """One place that says something about the flag.

    Attributes:
        source: What kind of place.
        name: The segment's, the user's, the environment's.
        priority: The override's; the lowest one counts.
        holds: Whether it is for this user.
        decides: Whether it is the first that is.
        groups: The segment's rules.
        enabled: What it says.
        value: The value, the control's of a multivariate flag.
    """

    source: DecidedBy
    name: str
    priority: float | None
    holds: bool
    decides: bool
    groups: tuple[GroupTrace, ...]
    enabled: bool
    value: Plain


@dataclass(frozen=True)
class VariationShare:
    """A variation, with the percentages of users who get it: from `start` to below `end`."""

    name: str
    value: Plain
    start: float
    end: float


@dataclass(frozen=True)
class Split:
    """Where a user is among the variations."""

    percentage: float
    parts: tuple[VariationShare, ...]

    @property
    def chosen(self) -> VariationShare:
        """The variation that the user is in."""
        return next(part for part in self.parts if part.start <= self.percentage < part.end)


@dataclass(frozen=True)
class Trace:
    """What a user gets of a flag, and why; `reason` is in the engine's words."""

    flag: str
    environment: str
    user: User
    steps: tuple[Step, ...]
    split: Split | None
    enabled: bool
    value: Plain
    reason: str

    @property
    def decisive(self) -> Step:
        """The step that decided."""
        return next(step for step in self.steps if step.decides)
