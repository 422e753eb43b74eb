"""A project before a plan is carried out and after that, in the form that documents are made of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flagops.commands.flags.reconcile.change import Action, Change, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.compare import ORDER, matched, weights_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteState, Snapshot
from flagops.commands.flags.spec import FlagSpec, OptionSpec, OverrideSpec, ProjectSpec, SegmentSpec, StateSpec


def before(found: Snapshot, wanted: ProjectSpec) -> ProjectSpec:
    """What a server has, with the names that the catalogue gives to its variations."""
    segments = {
        name: SegmentSpec(name, item.description, item.rules)
        for name, item in found.segments.items()
        if item.rules is not None
    }
    flags = {name: _flag(item, wanted.flags.get(name)) for name, item in found.flags.items()}
    return ProjectSpec(tuple(found.environments), segments, flags)


def _flag(found: RemoteFlag, wanted: FlagSpec | None) -> FlagSpec:
    names = {item.id: item.key or f"variation {item.id}" for item in found.options}
    names |= {item.id: name for name, item in matched(found.options, wanted.options if wanted else ()).items()}
    options = tuple(OptionSpec(names[item.id], item.value, item.weight) for item in found.options)
    states = {place: _state(state, names) for place, state in found.states.items()}
    return FlagSpec(found.name, found.description, found.tags, None, options, states)


def _state(found: RemoteState, names: Mapping[int, str]) -> StateSpec:
    overrides = tuple(_override(item, names) for item in found.overrides)
    return StateSpec(found.enabled, found.value, weights_of(found.variants, names), overrides)


def _override(found: RemoteOverride, names: Mapping[int, str]) -> OverrideSpec:
    return OverrideSpec(found.segment, found.enabled, found.value, weights_of(found.variants, names))


def after(there: ProjectSpec, plan: FlagPlan, wanted: ProjectSpec) -> ProjectSpec:
    """The same when every change of the plan is made, and nothing else is."""
    environments, segments, flags = list(there.environments), dict(there.segments), dict(there.flags)
    for change in plan.changes:
        if change.kind is ObjectKind.ENVIRONMENT:
            environments.append(change.name)
        elif change.kind is ObjectKind.SEGMENT:
            if change.action is Action.DELETE:
                segments.pop(change.name, None)
            elif change.name in wanted.segments:
                segments[change.name] = wanted.segments[change.name]
        elif change.kind is ObjectKind.FLAG:
            _change_flag(flags, change, wanted.flags.get(change.name))
    return replace(there, environments=tuple(environments), segments=segments, flags=flags)


def _change_flag(flags: dict[str, FlagSpec], change: Change, wanted: FlagSpec | None) -> None:
    if wanted is None:
        if change.action is Action.DELETE:
            del flags[change.name]
        return
    known = flags.get(change.name) or replace(wanted, states={})
    if change.environment is None:
        flags[change.name] = replace(known, options=wanted.options)
        return
    state = _changed(known.states.get(change.environment), change)
    flags[change.name] = replace(known, states={**known.states, change.environment: state})


def _changed(state: StateSpec | None, change: Change) -> StateSpec:
    """A state with one change made, which says itself what it makes."""
    if state is None or not change.field:
        overrides = tuple(map(_made, change.after.get("overrides", ())))
        return StateSpec(overrides=overrides, **_values(change.after))
    if change.field == ORDER:
        return _in_order(state, change.after)
    if change.field[0] != "override":
        return replace(state, **{change.field[0]: change.after})
    segment, *part = change.field[1:]
    if change.action is Action.CREATE:
        return replace(state, overrides=(*state.overrides, _made(change.after)))
    if change.action is Action.DELETE:
        return replace(state, overrides=tuple(item for item in state.overrides if item.segment != segment))
    made = {part[0]: change.after}
    return replace(
        state,
        overrides=tuple(replace(item, **made) if item.segment == segment else item for item in state.overrides),
    )


def _made(row: Mapping[str, Any]) -> OverrideSpec:
    return OverrideSpec(row["segment"], **_values(row))


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"enabled": row["enabled"], "value": row.get("value"), "weights": row.get("weights", {})}


def _in_order(state: StateSpec, named: list[str]) -> StateSpec:
    """The named overrides in this order, in the places that they have among the others."""
    by_segment = {item.segment: item for item in state.overrides}
    ordered = iter(name for name in named if name in by_segment)
    names = [next(ordered) if item.segment in named else item.segment for item in state.overrides]
    return replace(state, overrides=tuple(by_segment[name] for name in names))
