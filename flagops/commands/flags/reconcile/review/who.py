"""Who is affected by a plan: what it changes of each flag in each environment, tried on made-up users."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from flagops.commands.flags.documents.documents import documents
from flagops.commands.flags.reconcile.change import Action, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.review import outcome
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import OverrideSpec, ProjectSpec, StateSpec
from flagops.serving.audience.figures import FEWEST, USERS, Affected, affected

EVALUATIONS = 300_000
"""Of all flags together: half a minute on one core. Beyond that, fewer users of each kind are tried."""
OF_A_FLAG = 4
"""Kinds of users that a flag tells apart, as a rule."""
Document = dict[str, Any]


def who(plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> list[Affected]:
    """Who is affected by a plan, for each flag and environment that it changes; environments that were read count."""
    was = outcome.before(found, wanted)
    will_be = outcome.after(was, plan, wanted)
    places = [item for item in _places(plan, was, will_be) if not wanted.whole or item[1] in wanted.environments]
    users = max(min(EVALUATIONS // (2 * OF_A_FLAG * max(len(places), 1)), USERS), FEWEST)
    return [
        affected(_alone(was, *place), _alone(will_be, *place), *place, users=users)
        for place in places
        if any(place[0] in spec.flags for spec in (was, will_be))
    ]


def _places(plan: FlagPlan, was: ProjectSpec, will_be: ProjectSpec) -> Iterator[tuple[str, str]]:
    """The flags and environments that a plan changes: also by a segment, or by what a flag is everywhere."""
    touched: set[tuple[str, str]] = set()
    segments = {change.name for change in plan.changes if change.kind is ObjectKind.SEGMENT}
    for change in plan.changes:
        if change.kind is not ObjectKind.FLAG or change.action in (Action.ADOPT, Action.ARCHIVE):
            continue
        if change.environment is not None:
            touched.add((change.name, change.environment))
        elif change.action is Action.DELETE or change.field[:1] == ("variation",):
            known = was.flags.get(change.name) or will_be.flags[change.name]
            touched |= {(change.name, place) for place in known.states}
    for spec in (was, will_be):
        for name, flag in spec.flags.items():
            for place, state in flag.states.items():
                if any(item.segment in segments for item in state.overrides):
                    touched.add((name, place))
    order = list(dict.fromkeys((*was.environments, *will_be.environments)))
    yield from sorted(touched, key=lambda place: (order.index(place[1]), place[0]))


def _alone(spec: ProjectSpec, name: str, environment: str) -> Document | None:
    """The document of an environment in which there is this flag alone; None where there is none of it."""
    flag = spec.flags.get(name)
    state = flag.states.get(environment) if flag else None
    if flag is None or state is None:
        return None
    options = [option.name for option in flag.options]
    known = tuple(item for item in state.overrides if item.segment in spec.segments)
    overrides = tuple(replace(item, weights=_complete(item, options)) for item in known)
    own = replace(state, weights=_complete(state, options), overrides=overrides)
    segments = {item.segment: spec.segments[item.segment] for item in known}
    only = ProjectSpec((environment,), segments, {name: replace(flag, states={environment: own})})
    (made,) = documents(name, only)
    return dict(made.document)


def _complete(item: StateSpec | OverrideSpec, options: Collection[str]) -> dict[str, float]:
    """The weights of all variations; one that is new has none anywhere until an environment says so."""
    return {name: item.weights.get(name, 0.0) for name in options}
