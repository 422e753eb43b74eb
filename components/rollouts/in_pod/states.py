"""What is known of a rollout at one moment: what is live, what the guards say, what is remembered, what to do."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """How far a rollout is."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


class Cause(StrEnum):
    """Why a rollout is paused."""

    PERSON = "person"
    """Somebody said `ff flags rollout pause` or `back`."""
    HAND = "hand"
    """Somebody changed in Flagsmith what the rollout works on."""
    GUARD = "guard"
    """A guard was broken."""


@dataclass(frozen=True)
class Memory:
    """What a rollout remembers. It is written together with the share, by one request.

    Attributes:
        share: The share that the rollout itself set last.
        since: Since when it has been that one; the step's time counts from here.
        stage: How far it is.
        cause: Why it is paused.
        why: The reason in words: a person's, or the guard with its value.
        who: Who paused, resumed or started it; empty for the rollout itself.
        at: When this was written.
        went_back: Whether a guard made the share smaller.
        away_since: Since when Prometheus, or a guard, gives no answer.
        before: The segments whose overrides came before its own when this was written; None for not known.
        brought: A digest of what was declared when the rollout, or a person, wrote this; empty of an apply's first one.
        begun: Whether it has begun, of one that is paused.
    """

    share: float
    since: datetime
    stage: Stage
    at: datetime
    cause: Cause | None = None
    why: str = ""
    who: str = ""
    went_back: bool = False
    away_since: datetime | None = None
    before: tuple[int, ...] | None = None
    brought: str = ""
    begun: bool = False

    def paused(self, cause: Cause, why: str, who: str, at: datetime) -> "Memory":
        """The same of one that is paused; it goes on from there, and not from its beginning."""
        begun = self.begun or self.stage in (Stage.RUNNING, Stage.DONE) or self.share > 0
        said = replace(self, stage=Stage.PAUSED, cause=cause, why=why, who=who, at=at)
        return replace(said, begun=begun, away_since=None)


def beginning(share: float, at: datetime) -> Memory:
    """What an apply has a rollout remember first: that it is to begin, at a share that may be there already."""
    return Memory(float(share), at, Stage.WAITING, at)


@dataclass(frozen=True)
class Live:
    """What Flagsmith has.

    Attributes:
        share: The percentage of the share's segment; 0 for nobody.
        at: What time it is at Flagsmith.
        changed: How what the share gets differs from what is declared, in words: switched off, another value, another
            place in the order; empty where it does not.
        held: Until when the flag is held, in words; empty where it is not.
        gone: Why there is nothing to roll out, such as an archived flag; empty where there is.
        is_lost: Whether that is nothing that anybody wants, such as an environment of another name: somebody may have
            the share, and nobody looks at its guards.
        before: The segments, with their names, whose overrides come before its own: who is in one has what that says.
        settles: Until when an apply that wrote the declaration may not have written yet what the share gets; None where
            nothing of that was declared anew since the rollout itself wrote.
    """

    share: float
    at: datetime
    changed: str = ""
    held: str = ""
    gone: str = ""
    is_lost: bool = False
    before: tuple[tuple[int, str], ...] = ()
    settles: datetime | None = None


class Verdict(StrEnum):
    """What a guard says."""

    GOOD = "good"
    OUT = "out"
    """Out of bounds, and not for so long that it is broken."""
    BROKEN = "broken"
    WARMING = "warming"
    """The warm-up of the step is not over, or there are too few samples: no breach, and no reason to rise."""
    SILENT = "silent"
    """No data, NaN, several series, an error."""
    AWAY = "away"
    """Prometheus did not answer, or not in time."""


@dataclass(frozen=True)
class Answer:
    """What one guard says now.

    Attributes:
        verdict: In a word.
        why: In a sentence, with the measured value.
        since: Since when it has been so, as far as that is known.
        value: The measured value, where there is one.
    """

    verdict: Verdict
    why: str = ""
    since: datetime | None = None
    value: float | None = None


class Action(StrEnum):
    """What to do."""

    WAIT = "wait"
    """Nothing is written."""
    NOTE = "note"
    """The memory is written; the share stays."""
    RAISE = "raise"
    LOWER = "lower"


@dataclass(frozen=True)
class Decision:
    """What to do, and why.

    Attributes:
        action: In a word.
        why: In a sentence.
        share: The share that is to be live afterwards.
        memory: What is remembered afterwards; of WAIT what was remembered before.
        warns: Whether somebody should hear of it.
        until: When it may be another one without anything else happening; None where that is not known.
    """

    action: Action
    why: str
    share: float
    memory: Memory | None
    warns: bool = False
    until: datetime | None = None
