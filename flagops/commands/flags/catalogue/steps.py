"""The steps of a rollout as a catalogue says them: lengths, moments and windows as texts, and what they mean."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from components.rollouts.in_pod.declared import Comparison, Guard, Step
from components.rollouts.in_pod.windows import Freeze, Window, WindowError, freeze, window, zone_of
from flagops.commands.flags.catalogue.base import CatalogueModel
from flagops.commands.flags.catalogue.guards import CatalogueGuard

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=365)
LEAST = 0.01
"""The least share in percent, and between two: Flagsmith draws users in hundredths of a percent."""
_LENGTH = re.compile(r"([0-9]{1,6})([smhd])")
_START = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.0+)? ?(\S+)")


class TextError(ValueError):
    """A text that says no length or moment; the message says what it must look like."""


class RolloutStep(CatalogueModel):
    """One step: a share, and how long it stays."""

    to: Annotated[float, Field(ge=LEAST, le=100)] = Field(description="Percent of the users.")
    lasts: str | None = Field(
        default=None, alias="for", description="How long before the next step, such as 30m, 12h or 1d."
    )


def length(text: str) -> timedelta:
    """The length of time in "24h", "30m" or "0". Raises TextError."""
    found = _LENGTH.fullmatch(text)
    if found is None and text != "0":
        raise TextError("must be a number of s, m, h or d, such as 30m, 12h or 1d")
    meant = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if meant > LONGEST:
        raise TextError(f"is too long: at most {LONGEST.days}d")
    return meant


def moment(text: str) -> datetime:
    """The moment in "2026-12-01 09:00 Asia/Jerusalem" or "2026-12-01T09:00Z". Raises TextError."""
    found = _START.fullmatch(text.strip())
    if found is None:
        said = "must be a day, a time and a time zone, such as 2026-12-01 09:00 Asia/Jerusalem"
        raise TextError(f"{said}, or 2026-12-01T09:00Z")
    try:
        local, zone = datetime.fromisoformat(f"{found[1]}T{found[2]}"), zone_of(found[3])
        meant = local.replace(tzinfo=zone).astimezone(UTC)
        is_there = meant.astimezone(zone).replace(tzinfo=None) == local
    except (ValueError, OverflowError) as error:
        raise TextError(str(error) if isinstance(error, WindowError) else "names no time that there is") from None
    if not is_there:
        raise TextError("names a time that is skipped there, when daylight saving begins: say an hour more, or less")
    return meant


def windows_of(texts: tuple[str, ...]) -> tuple[Window, ...]:
    """The windows of texts. Raises WindowError."""
    return tuple(map(window, texts))


def freezes_of(texts: tuple[str, ...], only: tuple[str, ...]) -> tuple[Freeze, ...]:
    """The freezes of texts; without a zone of its own, one has that of the first window, or UTC. Raises WindowError."""
    zone = window(only[0]).zone if only else "UTC"
    return tuple(freeze(text, zone) for text in texts)


def steps_of(steps: tuple[RolloutStep, ...]) -> tuple[Step, ...]:
    """The steps, as a runner takes them. Raises TextError."""
    return tuple(Step(item.to, length(item.lasts or "0")) for item in steps)


def guard_of(name: str, item: CatalogueGuard, flag: str, environment: str) -> Guard:
    """A guard as a runner takes it, for one flag in one environment. Raises TextError."""

    def filled(query: str) -> str:
        return query.strip().replace("$flag", flag).replace("$environment", environment)

    arms = item.compare
    return Guard(
        name=name,
        query=filled(item.query),
        at_most=item.at_most,
        at_least=item.at_least,
        holds=length(item.lasts),
        warm_up=length(item.warm_up),
        samples=filled(item.samples.query) if item.samples else "",
        least=item.samples.least if item.samples else 0,
        broken=item.broken,
        warn_after=length(item.warn_after),
        comparison=None
        if arms is None
        else Comparison(
            arms.measure, filled(arms.events), filled(arms.total), arms.label, arms.new, arms.old, arms.alpha
        ),
    )
