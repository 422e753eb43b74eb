"""In what a project's environments differ, as they are declared or as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.reconcile.compare import override_as_json, override_values, weights_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteState, Snapshot
from flagops.commands.flags.spec import OverrideSpec, ProjectSpec, StateSpec


@dataclass(frozen=True)
class FlagDifference:
    """One field of one flag, in two environments."""

    flag: str
    field: str
    one: Any
    other: Any


States = Mapping[str, Mapping[str, StateSpec]]


def declared_states(wanted: ProjectSpec) -> States:
    """The states of each flag that a catalogue declares, by environment."""
    return {name: flag.states for name, flag in wanted.flags.items()}


def live_states(found: Snapshot) -> States:
    """The states of each flag that a server has, by environment; of archived ones too, which are served."""
    return {
        name: {place: _state(flag, item) for place, item in flag.states.items()} for name, flag in found.flags.items()
    }


def _state(flag: RemoteFlag, found: RemoteState) -> StateSpec:
    names = {option.id: option.key or str(option.value) for option in flag.options}

    def override(item: RemoteOverride) -> OverrideSpec:
        return OverrideSpec(item.segment, item.enabled, item.value, weights_of(item.variants, names))

    overrides = tuple(override(item) for item in found.overrides)
    return StateSpec(found.enabled, found.value, weights_of(found.variants, names), overrides)


def differences(states: States, one: str, other: str, shares: Mapping[str, str]) -> list[FlagDifference]:
    """What is different in two environments, flag by flag.

    Args:
        states: All states.
        one: An environment.
        other: Another one.
        shares: What the segments of rollouts hold: they have other names in each environment, and their shares count.
    """
    found = []
    for name, flag in states.items():
        if one in flag and other in flag:
            left, right = (_shown(name, place, flag[place], shares) for place in (one, other))
            keys = [key for key in {**left, **right} if left.get(key) != right.get(key)]
            found += [FlagDifference(name, key, left.get(key), right.get(key)) for key in keys]
    return found


def _shown(flag: str, environment: str, state: StateSpec, shares: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"{flag}.{environment}"
    overrides = []
    for item in state.overrides:
        shown = override_as_json(item)
        if item.segment == prefix or item.segment.startswith(f"{prefix}."):
            group = item.segment.removeprefix(prefix).lstrip(".")
            shown["segment"] = f"rollout{' of ' + group if group else ''}: {shares.get(item.segment, '?')}"
        overrides.append(shown)
    return {**override_values(state), "overrides": overrides}
