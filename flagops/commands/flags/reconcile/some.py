"""Plans for some of a project's environments: what belongs to all of them waits for a plan of all.

A flag's states, its overrides there, and the segments of its rollout there belong to one environment. Of what a project
has once, only that is done which changes nothing in the others, those that the catalogue does not name among them:
making flags (off everywhere else), segments and variations, and what only people read.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from components.text import quoting
from flagops.commands.flags.catalogue.complete import environments
from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.judged import Owner, owner
from flagops.commands.flags.reconcile.metadata import METADATA
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.errors import BadInputError, NotFoundError

EnvironmentsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="Only this environment; repeat. What all of them share waits: docs/flags.md. Default: all.",
        show_default=False,
        autocompletion=environments,
    ),
]
FOR_PEOPLE = frozenset([("archived",), ("description",), ("tags",)])
OF_VARIATION = frozenset(["name", "weight"])
"""What may change of a variation: the weight is the one that it has in new environments."""
PEOPLE = "groups and rights of people: they wait for a plan of all environments, and were not looked at"


def of_some(spec: ProjectSpec, names: Sequence[str], *, delete: bool = False) -> ProjectSpec:
    """What is wanted of these environments alone; of all, where none or all are named.

    Raises OpsError for an unknown name, and for `delete`.
    """
    unknown = [name for name in names if name not in spec.environments]
    if unknown:
        raise NotFoundError(
            f"The catalogue has no environment {quoting.value(unknown[0])}; there are: {', '.join(spec.environments)}."
        )
    if not names or set(names) == set(spec.environments):
        return spec
    if delete:
        raise BadInputError(
            "--delete is for all environments: a flag or segment is deleted in all of them at once.",
            hint="Leave --environment out.",
        )
    chosen = tuple(name for name in spec.environments if name in names)
    flags = {
        name: replace(flag, states={place: state for place, state in flag.states.items() if place in chosen})
        for name, flag in spec.flags.items()
    }

    def used(places: Sequence[str]) -> set[str]:
        states = (flag.states[place] for flag in spec.flags.values() for place in places)
        return {item.segment for state in states for item in state.overrides}

    elsewhere = used([name for name in spec.environments if name not in chosen]) - used(chosen)
    segments = {name: item for name, item in spec.segments.items() if item.feature is None or name not in elsewhere}
    whole = replace(spec, groups={}, access=None)
    # What the project hides is in all environments.
    hides: dict[str | None, bool] = {place: hidden for place, hidden in spec.hides.items() if place in chosen}
    part = replace(spec, environments=chosen, flags=flags, segments=segments, hides=hides)
    return replace(part, groups={}, access=None, whole=whole)


def leave(plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> tuple[FlagPlan, frozenset[Owner]]:
    """The plan without what waits for one of all environments, and what that is."""
    if wanted.whole is None:
        return plan, frozenset()
    others = [name for name in found.environments if name not in wanted.environments]
    why: dict[Owner, str] = {}
    for change in plan.changes:
        said = _why(change, found, others)
        if said is not None:
            why.setdefault(owner(change, wanted), said)
    changes = tuple(change for change in plan.changes if owner(change, wanted) not in why)
    waiting = (
        f"{kind} {name} waits for a plan of all environments, with all its changes: {said}"
        for (kind, name), said in why.items()
    )
    return replace(plan, changes=changes, waiting=(*plan.waiting, *waiting, PEOPLE)), frozenset(why)


def _why(change: Change, found: Snapshot, others: Sequence[str]) -> str | None:
    """Why a change waits: it would be felt in other environments."""
    if change.kind is ObjectKind.SEGMENT:
        places = [place for place in others if _is_used(change.name, place, found)]
        decides = change.action is Action.DELETE or change.field == ("rules",)
        return f"its rules decide in {', '.join(places)} too" if decides and places else None
    if change.kind is not ObjectKind.FLAG or change.environment is not None or _is_for_people(change):
        return None
    if change.action in (Action.ARCHIVE, Action.DELETE) and not change.field:
        return "it left the catalogue, and goes everywhere at once"
    is_variation = change.field[:1] == ("variation",)
    if not change.field or (is_variation and (change.action is Action.CREATE or change.field[-1] in OF_VARIATION)):
        return None
    what = f"its variation {change.field[1]}" if is_variation else " ".join(change.field)
    return f"{what} is the same in every environment"


def _is_for_people(change: Change) -> bool:
    return change.field in FOR_PEOPLE or change.field[:1] == (METADATA,)


def _is_used(segment: str, environment: str, found: Snapshot) -> bool:
    return any(
        item.segment == segment
        for flag in found.flags.values()
        if environment in flag.states
        for item in flag.states[environment].overrides
    )
