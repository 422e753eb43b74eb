"""A rollout as the catalogue declares it, and as `ff flags apply` brings it to Flagsmith.

Standard library only, as all beside it: these files run in Flagsmith's image, and `ff` imports them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .windows import Freeze, Window

ALL = 100.0
MOST = {"steps": 100, "guards": 20, "only": 20, "freezes": 50}
"""How many of each a rollout may have: a look goes through all of them, and a guard may take seconds."""
CLOSE = 0.001
"""Two shares that differ by less, in percent, are the same: Flagsmith keeps them as texts."""


class Broken(StrEnum):
    """What happens when a guard is broken; after that only a person resumes."""

    HOLD = "hold"
    BACK = "back"
    OFF = "off"


class Measure(StrEnum):
    """How two arms are compared: by the difference of their rates, or by the new one's rate over the old one's."""

    DIFFERENCE = "difference"
    RATIO = "ratio"


@dataclass(frozen=True)
class Step:
    """A share of users in percent, and how long it stays before the next one."""

    to: float
    lasts: timedelta = timedelta()


@dataclass(frozen=True)
class Comparison:
    """The two arms of a guard, as numbers of events since the step's warm-up was over.

    Attributes:
        measure: How they are compared.
        events: PromQL: what is counted, such as errors, in both arms; `$window` is the time that counts.
        total: PromQL: of how many.
        label: The label that tells the arms apart.
        new: Its value for who has what is rolled out.
        old: Its value for the others.
        alpha: The chance, at most, that a step without a difference is ever called broken.
    """

    measure: Measure
    events: str
    total: str
    label: str
    new: str
    old: str
    alpha: float = 0.01


@dataclass(frozen=True)
class Guard:
    """What must hold while a share grows.

    Attributes:
        name: Its name.
        query: PromQL with one number; empty with a comparison.
        at_most: The bound; None for one below.
        at_least: The bound; None for one above.
        holds: How long it must be out of bounds to be broken.
        warm_up: How long after each step it is not looked at.
        samples: PromQL for how many samples there are; empty for not asked.
        least: How many there have to be; of a comparison, in each arm.
        broken: What happens when it is broken.
        warn_after: After how long without an answer somebody is told.
        comparison: The arms, where two are compared.
    """

    name: str
    query: str = ""
    at_most: float | None = None
    at_least: float | None = None
    holds: timedelta = timedelta()
    warm_up: timedelta = timedelta()
    samples: str = ""
    least: float = 0
    broken: Broken = Broken.BACK
    warn_after: timedelta = timedelta(minutes=30)
    comparison: Comparison | None = None


@dataclass(frozen=True)
class Declared:
    """A rollout of one flag in one environment, for everyone or for one segment.

    Attributes:
        flag: The flag's name.
        environment: The environment's name.
        group: The segment whose users it is for; None for everyone.
        steps: The shares, which rise.
        start: When it begins; None for when a person starts it.
        only: Windows outside which nothing rises; none for at any time.
        freezes: Days on which nothing rises.
        guards: What must hold.
        enabled: What the share gets: on, or off.
        base: Whether the flag is on for everybody else.
        value: A digest of the meaning of the value that it gets, by `shares.digest`.
        conditions: A digest of the share's segment without its percentage, by `shares.conditions`.
        rest: Of a group, a digest of the value that the rest of it gets by an override behind the share's.
        ahead: The names of the segments whose overrides come before the share's.
    """

    flag: str
    environment: str
    group: str | None
    steps: tuple[Step, ...]
    start: datetime | None = None
    only: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    guards: tuple[Guard, ...] = field(default=())
    enabled: bool = True
    base: bool = False
    value: str = ""
    conditions: str = ""
    rest: str = ""
    ahead: tuple[str, ...] = ()

    @property
    def top(self) -> float:
        """The greatest share that is declared."""
        return max((step.to for step in self.steps), default=0.0)

    def at(self, share: float) -> Step | None:
        """The step that a share is at, or has passed; None below the first one."""
        return max((step for step in self.steps if step.to <= share + CLOSE), key=lambda step: step.to, default=None)

    def after(self, share: float) -> Step | None:
        """The next step above a share; None at the end."""
        return min((step for step in self.steps if step.to > share + CLOSE), key=lambda step: step.to, default=None)

    def before(self, share: float) -> float:
        """The share of the step before the one that a share is at or in; 0 before the first one."""
        return max((step.to for step in self.steps if step.to < share - CLOSE), default=0.0)
