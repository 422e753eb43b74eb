"""What `--delete` would take away that no catalogue names: in other environments, and of single users."""

from collections.abc import Iterable, Iterator

from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagPlan, ObjectKind, Why
from flagops.commands.flags.server.snapshot import RemoteState, Snapshot
from flagops.commands.flags.spec import ProjectSpec

Changed = tuple[str, str]
"""An environment, and what is there, in words."""


def in_use_elsewhere(plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> Iterator[FlagConflict]:
    """A conflict for each environment that still uses what the plan deletes: somebody is served by it there.

    A flag that is off there, for everybody, in each override and for each user, gives nobody anything that its end
    would take.
    """
    named = (wanted.whole or wanted).environments
    others = [name for name in found.environments if name not in named]
    gone = {(item.kind, item.name): item for item in plan.changes if item.action is Action.DELETE and not item.field}
    for (kind, name), change in gone.items():
        for environment in others:
            uses = _of_flag if kind is ObjectKind.FLAG else _of_segment
            for said in uses(name, environment, found, {item for of, item in gone if of is ObjectKind.FLAG}):
                yield FlagConflict(kind, name, change, Why.ELSEWHERE, said=f"{said} in {environment}")


def of_single_users(changes: Iterable[Change], wanted: ProjectSpec, found: Snapshot) -> Iterator[str]:
    """The overrides of single users that go with a flag in the catalogue's own environments, in words."""
    for change in changes:
        if change.action is not Action.DELETE or change.kind is not ObjectKind.FLAG or change.field:
            continue
        for environment, state in found.flags[change.name].states.items():
            if state.users and environment in (wanted.whole or wanted).environments:
                many = (
                    "override of one user" if len(state.users) == 1 else f"overrides of {len(state.users)} single users"
                )
                yield f"flag {change.name} takes the {many} with it in {environment}, on for {sum(state.users)}"


def _of_flag(name: str, environment: str, found: Snapshot, _: set[str]) -> Iterator[str]:
    state = found.flags[name].states.get(environment)
    if state is None:
        return
    if state.enabled:
        yield "it is on"
    for item in state.overrides:
        if item.enabled:
            yield f"its override for {item.segment} is on"
    if on := sum(state.users):
        yield f"it is on for {on} user{'s' if on > 1 else ''} one by one"


def _of_segment(name: str, environment: str, found: Snapshot, gone: set[str]) -> Iterator[str]:
    """The overrides that go with it; those of flags that go are told of with their flag."""
    for flag in found.flags.values():
        state: RemoteState | None = flag.states.get(environment)
        if flag.name not in gone and state and any(item.segment == name for item in state.overrides):
            yield f"flag {flag.name} has an override for it"
