"""What writing a flag in an environment takes: its state as wanted and as it is, the ids, and the API's form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flagops.commands.flags.reconcile.apply.meanwhile import ChangedMeanwhileError
from flagops.commands.flags.reconcile.compare import left_to_people, matched
from flagops.commands.flags.server.rows import typed
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteState, Snapshot, Variant
from flagops.commands.flags.spec import FlagSpec, OverrideSpec, StateSpec
from flagops.flagsmith_api.deployed import Environment

STEP = 1000
"""Between two priorities. Flagsmith moves each override by itself, and pushes those between by one: priorities next to
each other end as equal ones (seen on 2.265.0)."""


@dataclass(frozen=True)
class FlagInEnvironment:
    """One flag in one environment.

    Attributes:
        environment: The environment.
        flag: The flag.
        state: What it should be there.
        found: What it is there.
        ids: Of the catalogue's variations, by their names.
        segments: The ids of segments, by name.
        managed: The names of segments that are `ff`'s.
    """

    environment: Environment
    flag: RemoteFlag
    state: StateSpec
    found: RemoteState
    ids: Mapping[str, int]
    segments: Mapping[str, int]
    managed: Collection[str]

    @classmethod
    def of(cls, found: Snapshot, wanted: FlagSpec, environment: Environment) -> "FlagInEnvironment":
        """The target, out of what was read. Raises ChangedMeanwhileError where the flag is not in the environment."""
        flag = found.flags[wanted.name]
        there = flag.states.get(environment.name)
        if there is None:
            raise ChangedMeanwhileError(f"not in {environment.name}: Flagsmith has no state of it there")
        return cls(
            environment=environment,
            flag=flag,
            state=left_to_people(wanted, environment.name, wanted.states[environment.name], there),
            found=there,
            ids={name: item.id for name, item in matched(flag.options, wanted.options).items()},
            segments={name: item.id for name, item in found.segments.items()},
            managed={name for name, item in found.segments.items() if item.is_managed},
        )

    @property
    def is_new(self) -> bool:
        """Whether this run made the flag a moment ago, so that it has no id here yet."""
        return not self.found.id

    @property
    def names(self) -> dict[int, str]:
        """The names of segments, by id."""
        return {number: name for name, number in self.segments.items()}


def content(
    wanted: StateSpec | OverrideSpec, ids: Mapping[str, int], variants: tuple[Variant, ...], *, in_place: bool = True
) -> dict[str, Any]:
    """A state or an override in the API's form; variations that the catalogue has no more get nothing.

    Args:
        wanted: What it should be.
        ids: The variations' ids, by name.
        variants: The weights that it has.
        in_place: Whether these are changed, and their ids have to be given; a version's get new ones.
    """
    weights = dict.fromkeys((item.option for item in variants), 0.0)
    weights |= {ids[name]: weight for name, weight in wanted.weights.items()}
    return {
        "enabled": wanted.enabled,
        "feature_state_value": typed(wanted.value),
        "multivariate_feature_state_values": _weights(weights, variants if in_place else ()),
    }


def _marks(found: RemoteState) -> set[tuple[object, ...]]:
    return {mark(found), *map(mark, found.overrides)}


def mark(found: RemoteState | RemoteOverride) -> tuple[object, ...]:
    """What tells a state from what somebody made of it since, and be it for a moment."""
    return found.id, found.changed, found.enabled, found.value


def is_untouched(now: RemoteState, found: RemoteState) -> bool:
    """Whether a flag in an environment is as it was found: nobody changed it, nor an override, meanwhile.

    Priorities do not count: the document that they may come from is cached. A flag that was just made was not read, so
    that it has no ids: what it is counts then.
    """
    if found.id:
        return _marks(now) == _marks(found)
    return not now.overrides and (now.enabled, now.value) == (found.enabled, found.value)


def as_it_is(found: RemoteState, segment: int) -> dict[str, Any]:
    """The content of somebody's override, to be written as it is."""
    item = next(override for override in found.overrides if override.segment_id == segment)
    weights = {variant.option: variant.weight for variant in item.variants}
    return {
        "enabled": item.enabled,
        "feature_state_value": typed(item.value),
        "multivariate_feature_state_values": _weights(weights, ()),
    }


def _weights(weights: Mapping[int, float], variants: tuple[Variant, ...]) -> list[dict[str, Any]]:
    own = {item.option: item.id for item in variants}
    return [
        {
            **({"id": own[option]} if option in own else {}),
            "multivariate_feature_option": option,
            "percentage_allocation": weight,
        }
        for option, weight in weights.items()
    ]
