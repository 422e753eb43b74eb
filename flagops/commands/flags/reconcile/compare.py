"""How a flag in an environment differs from what is wanted of it there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flagops.commands.flags.catalogue.values import same
from flagops.commands.flags.reconcile.change import Action, Change, ObjectKind
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteOverride, RemoteState, Variant
from flagops.commands.flags.spec import FlagSpec, OptionSpec, OverrideSpec, StateSpec

CLOSE = 0.001  # of a percent
ORDER = ("order of overrides",)


def matched(found: Iterable[RemoteOption], wanted: Iterable[OptionSpec]) -> dict[str, RemoteOption]:
    """Which variation of the server is which of the catalogue: by key, and by value those whose key nobody wants."""
    declared = list(wanted)
    names = {option.name for option in declared}
    by_key = {item.key: item for item in found if item.key in names}
    others = [item for item in found if item.key not in names]
    options = {}
    for option in declared:
        there = by_key.get(option.name) or next((item for item in others if same(item.value, option.value)), None)
        if there is not None:
            options[option.name] = there
            others = [item for item in others if item.id != there.id]
    return options


def compare_states(
    wanted: FlagSpec,
    environment: str,
    state: StateSpec,
    flag: RemoteFlag,
    found: RemoteState,
    managed: Collection[str],
) -> Iterator[Change]:
    """The changes of one flag in one environment.

    Overrides are compared where the catalogue names their segment, and removed where it does not any more and the
    segment is one of `managed`; others are people's, and stay where they are.
    """
    options = matched(flag.options, wanted.options)
    names = {item.id: name for name, item in options.items()}

    def changed(field: tuple[str, ...], before: Any, after: Any, action: Action = Action.UPDATE) -> Change:
        return Change(action, ObjectKind.FLAG, wanted.name, environment, field, before, after)

    state = left_to_people(wanted, environment, state, found)
    yield from (changed((field,), *values) for field, values in differences(state, found, names).items())
    there = {item.segment: item for item in found.overrides}
    for override in state.overrides:
        place = ("override", override.segment)
        if override.segment not in there:
            yield changed(place, None, override_as_json(override), Action.CREATE)
            continue
        different = differences(override, there[override.segment], names)
        yield from (changed((*place, field), *values) for field, values in different.items())
    for item in surplus(state, found, managed):
        yield changed(("override", item.segment), None, None, Action.DELETE)
    named = [item.segment for item in state.overrides]
    if not is_in_order(state, found, managed):
        yield changed(ORDER, None, named)


def left_to_people(wanted: FlagSpec, environment: str, state: StateSpec, found: RemoteState) -> StateSpec:
    """The state with the switches that are there, where the catalogue leaves them to people."""
    if environment not in wanted.people:
        return state
    there = {item.segment: item.enabled for item in found.overrides}
    overrides = (replace(item, enabled=there.get(item.segment, item.enabled)) for item in state.overrides)
    return replace(state, enabled=found.enabled, overrides=tuple(overrides))


def surplus(state: StateSpec, found: RemoteState, managed: Collection[str]) -> list[RemoteOverride]:
    """The overrides that have to go: for segments of `ff`'s that the catalogue does not name here any more."""
    named = {item.segment for item in state.overrides}
    return [item for item in found.overrides if item.segment not in named and item.segment in managed]


def is_in_order(state: StateSpec, found: RemoteState, managed: Collection[str]) -> bool:
    """Whether the overrides that are there, and those that are added behind them, count in the catalogue's order.

    Of equal priorities nobody knows which one counts: then it is not.
    """
    named = {item.segment for item in state.overrides}
    priorities = [item.priority for item in found.overrides if item.segment in named]
    if len(set(priorities)) < len(priorities):
        return False
    gone = {item.id for item in surplus(state, found, managed)}
    there = [item.segment for item in found.overrides if item.id not in gone]
    return sequence(state, found, managed) == [
        *there,
        *(item.segment for item in state.overrides if item.segment not in there),
    ]


def sequence(state: StateSpec, found: RemoteState, managed: Collection[str]) -> list[str]:
    """The segments of all overrides in the order they should have: the catalogue's take the places that they have among
    the others, which keep theirs; new ones come behind."""
    gone = {item.id for item in surplus(state, found, managed)}
    there = [item.segment for item in found.overrides if item.id not in gone]
    named = [item.segment for item in state.overrides]
    places = [*there, *(name for name in named if name not in there)]
    wanted = iter(named)
    return [next(wanted) if name in named else name for name in places]


def differences(
    wanted: StateSpec | OverrideSpec, found: RemoteState | RemoteOverride, names: Mapping[int, str]
) -> dict[str, tuple[Any, Any]]:
    """What is there and what is wanted, of each part of a state that differs; `names` are variations' by id."""
    different: dict[str, tuple[Any, Any]] = {}
    if wanted.enabled != found.enabled:
        different["enabled"] = (found.enabled, wanted.enabled)
    if not same(wanted.value, found.value):
        different["value"] = (found.value, wanted.value)
    there = weights_of(found.variants, names)
    weights = {name: there.get(name, 0.0) for name in wanted.weights}
    if any(abs(weights[name] - weight) > CLOSE for name, weight in wanted.weights.items()):
        different["weights"] = (weights, dict(wanted.weights))
    return different


def weights_of(variants: Sequence[Variant], names: Mapping[int, str]) -> dict[str, float]:
    """The weights by the variations' names, of those that the catalogue knows."""
    return {names[item.option]: item.weight for item in variants if item.option in names}


def state_as_json(state: StateSpec) -> dict[str, Any]:
    """A state for people and plan files."""
    found = {**override_values(state)}
    if state.overrides:
        found["overrides"] = [override_as_json(item) for item in state.overrides]
    return found


def override_as_json(override: OverrideSpec) -> dict[str, Any]:
    """An override for people and plan files."""
    return {"segment": override.segment, **override_values(override)}


def override_values(item: StateSpec | OverrideSpec) -> dict[str, Any]:
    """On or off, the value, and the weights, where there are any."""
    found: dict[str, Any] = {"enabled": item.enabled}
    if item.value is not None:
        found["value"] = item.value
    if item.weights:
        found["weights"] = dict(item.weights)
    return found
