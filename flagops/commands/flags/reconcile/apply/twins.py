"""Which new environments are made as a copy of another new one, which takes Flagsmith one request for all flags."""

from collections.abc import Mapping

from flagops.commands.flags.reconcile.change import Action, FlagPlan, ObjectKind
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import ConflictError
from flagops.flagsmith_api.connect import Connection
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
    if row.get("is_creating"):
        raise ConflictError(f"Flagsmith has not finished making the environment {name}.", hint="Wait a minute.")
