"""A catalogue's steps as a runner takes them, and how far they are at a moment if all goes well."""

from collections.abc import Callable
from datetime import datetime

from components.rollouts.in_pod.declared import Declared
from components.rollouts.in_pod.shares import digest, meaning
from components.rollouts.in_pod.windows import next_opening
from flagops.commands.flags.catalogue.guards import SHIPPED
from flagops.commands.flags.catalogue.model import Catalogue, Rollout
from flagops.commands.flags.catalogue.steps import freezes_of, guard_of, moment, steps_of, windows_of
from flagops.commands.flags.catalogue.timetables import later
from flagops.commands.flags.catalogue.values import Plain

Shares = Callable[[Declared], float]
"""How far a share with steps is, in percent."""


def at_the_beginning(_: Declared) -> float:
    """Of a rollout that nobody began."""
    return 0.0


def declared_of(
    catalogue: Catalogue, flag: str, environment: str, rollout: Rollout, *, base: bool, value: Plain
) -> Declared:
    """The rollout of a flag in an environment; the catalogue must have been checked.

    Args:
        catalogue: What defines its guards.
        flag: The flag's name.
        environment: The environment's name.
        rollout: The steps.
        base: Whether the flag is on there for everybody else.
        value: What the steps' users get.
    """
    known = {**SHIPPED, **catalogue.guards}
    return Declared(
        flag=flag,
        environment=environment,
        group=rollout.segment,
        steps=steps_of(rollout.steps),
        start=moment(rollout.start) if rollout.start is not None else None,
        only=windows_of(rollout.only),
        freezes=freezes_of(rollout.freeze, rollout.only),
        guards=tuple(guard_of(name, known[name], flag, environment) for name in rollout.guards),
        enabled=rollout.enabled,
        base=base,
        value=digest(meaning(value)),
    )


def moments(declared: Declared, begins: datetime | None = None) -> list[tuple[datetime, float]]:
    """When each share is there if all goes well, from its start, or from `begins`; none of one that nobody starts, and
    none behind a window that never opens."""
    now = begins or declared.start
    found = []
    for step in declared.steps:
        now = None if now is None else next_opening(declared.only, declared.freezes, now)
        if now is None:
            break
        found.append((now, step.to))
        now = later(now, step)
    return found


def at_moment(moment: datetime) -> Shares:
    """How far each share is at a moment, if all goes well."""

    def share(declared: Declared) -> float:
        return max((to for begins, to in moments(declared) if begins <= moment), default=0.0)

    return share
