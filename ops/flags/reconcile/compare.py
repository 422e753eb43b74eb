"""How a flag in an environment differs from what is wanted of it there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ops.flags.catalogue.values import same
from ops.flags.reconcile.change import Action, Change, Kind
from ops.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteOverride, RemoteState, Variant
from ops.flags.spec import FlagSpec, OptionSpec, OverrideSpec, StateSpec

CLOSE = 0.001  # of a percent


def matched(found: Iterable[RemoteOption], wanted: Iterable[OptionSpec]) -> dict[str, RemoteOption]:
    """Which variation of the server is which of the catalogue: by key, and by value those that have no key."""
    by_key = {item.key: item for item in found if item.key}
    nameless = [item for item in found if not item.key]
    options = {}
    for option in wanted:
        there = by_key.get(option.name) or next((item for item in nameless if same(item.value, option.value)), None)
        if there is not None:
            options[option.name] = there
            nameless = [item for item in nameless if item.id != there.id]
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
        return Change(action, Kind.FLAG, wanted.name, environment, field, before, after)

    yield from (changed((field,), *values) for field, values in _differences(state, found, names).items())
    there = {item.segment: item for item in found.overrides}
    for override in state.overrides:
        place = ("override", override.segment)
        if override.segment not in there:
            yield changed(place, None, override_as_json(override), Action.CREATE)
            continue
        different = _differences(override, there[override.segment], names)
        yield from (changed((*place, field), *values) for field, values in different.items())
    for item in surplus(state, found, managed):
        yield changed(("override", item.segment), None, None, Action.DELETE)
    before, after = orders(state, found)
    named = [item.segment for item in state.overrides]
    if before != after or [*before, *(name for name in named if name not in before)] != named:
        yield changed(("order of overrides",), None, named)


def surplus(state: StateSpec, found: RemoteState, managed: Collection[str]) -> list[RemoteOverride]:
    """The overrides that have to go: for segments that the catalogue does not name here any more, and second ones."""
    named = {item.segment for item in state.overrides}
    seen: set[str] = set()
    gone = []
    # Of several overrides for one segment Flagsmith serves the last one made.
    for item in sorted(found.overrides, key=lambda override: -override.id):
        if item.segment in seen or (item.segment not in named and item.segment in managed):
            gone.append(item)
        seen.add(item.segment)
    return gone


def orders(state: StateSpec, found: RemoteState) -> tuple[list[str], list[str]]:
    """The segments of the overrides that are there and stay, in the order they have and in the one they should have."""
    named = [item.segment for item in state.overrides]
    there = [item.segment for item in found.overrides]
    return [name for name in dict.fromkeys(there) if name in named], [name for name in named if name in there]


def _differences(
    wanted: StateSpec | OverrideSpec, found: RemoteState | RemoteOverride, names: Mapping[int, str]
) -> dict[str, tuple[Any, Any]]:
    different: dict[str, tuple[Any, Any]] = {}
    if wanted.enabled != found.enabled:
        different["enabled"] = (found.enabled, wanted.enabled)
    if not same(wanted.value, found.value):
        different["value"] = (found.value, wanted.value)
    weights = weights_of(found.variants, names)
    if any(abs(weights.get(name, 0.0) - weight) > CLOSE for name, weight in wanted.weights.items()):
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
