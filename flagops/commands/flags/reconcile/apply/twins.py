"""Which new environments are made as a copy of another new one, which takes Flagsmith one request for all flags."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.judged import Judged
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment, require_made
from flagops.flagsmith_api.ensure import ensure, first

READING = 10
"""About as many requests as looking costs, at what a copy has then."""


def twins(wanted: ProjectSpec, todo: FlagPlan) -> dict[str, str]:
    """The environments to copy, and of which: of one that this plan makes too, so that nobody's settings come along.

    Flags that are off, and have no exceptions, need nothing in an environment that is made by itself. A copy hides
    what the other one hides, so that only one that is to hide the same is copied.
    """
    steps = todo.of(ObjectKind.ENVIRONMENT)
    new = [name for name in wanted.environments if any(step.action is Action.CREATE for step in steps.get(name, ()))]
    found: dict[str, str] = {}
    for name in new:
        alone = sum(1 for flag in wanted.flags.values() if flag.states[name].enabled or flag.states[name].overrides)
        costs = {
            other: differing + (READING if differing else 0)
            for other in new[: new.index(name)]
            if other not in found and wanted.hides.get(other) == wanted.hides.get(name)
            for differing in [sum(1 for flag in wanted.flags.values() if _differ(flag.states, name, other))]
        }
        best = min(costs, key=lambda other: costs[other], default=None)
        if best is not None and costs[best] < alone:
            found[name] = best
    return found


def _differ(states: Mapping[str, object], one: str, other: str) -> bool:
    return states[one] != states[other]


def copy(connection: Connection, found: Snapshot, name: str, of: str) -> None:
    """Make an environment with the flags of another one, whole before anybody can have its key.

    It is looked for right before: Flagsmith would make a second one of this name. Raises OpsError when it is refused,
    or there is one that is not ready.
    """
    client, listed = connection.client, {"project": connection.project}
    path = f"/api/v1/environments/{found.environments[of].key}/clone/"
    row = ensure(
        lambda: first(client.pages("/api/v1/environments/", listed), name=name),
        lambda: client.post(path, {"name": name, "clone_feature_states_async": False}),
    )
    require_made(Environment.of(row))


@dataclass(frozen=True)
class Copied:
    """What copies are, and what of them differs from what is wanted there.

    In an environment that was made a moment ago nothing is anybody's: also what somebody switched in its source while
    it was copied, or their override for a segment of their own, is made what the catalogue says.

    Attributes:
        found: The project, with each segment as one of `ff`'s.
        plan: What is to be done in the copies.
        lacking: Changes there of flags that somebody deleted, or a variation or segment of theirs.
    """

    found: Snapshot
    plan: FlagPlan
    lacking: tuple[Change, ...]

    @classmethod
    def of(cls, wanted: ProjectSpec, found: Snapshot, alone: Judged, copies: Iterable[str]) -> "Copied":
        """What differs; `alone` is what was left alone before anything was written, so that it is so in the source."""
        names = set(copies)
        bare = replace(found, segments={name: replace(item, is_managed=True) for name, item in found.segments.items()})
        whole = alone.leave(plan(wanted, bare), wanted, bare)
        here = [item for item in whole.changes if item.environment in names]
        gone = {item.name for item in whole.changes if item.action is Action.CREATE and item.environment is None}

        def lacks(change: Change) -> bool:
            overrides = wanted.flags[change.name].states[change.environment or ""].overrides
            return change.name in gone or any(item.segment in gone for item in overrides)

        done = tuple(item for item in here if not lacks(item))
        return cls(bare, replace(whole, changes=done), tuple(item for item in here if lacks(item)))
