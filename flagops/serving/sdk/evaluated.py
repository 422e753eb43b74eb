"""The flags of one user, each with the state that it came from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flag_engine.segments.constants import DEFAULT_PRIORITY

from flagops.serving.engine.context import Result, evaluate, for_user
from flagops.serving.engine.variations import CONTROL
from flagops.serving.model.environment import ServedEnvironment, State

MULTIVARIATE = "MULTIVARIATE"
STATIC = "STATIC"


@dataclass(frozen=True)
class Evaluated:
    """A flag as a user gets it.

    Attributes:
        state: The state that decided: the user's own, a segment's, or the environment's.
        identity: The user's number, where it is their own.
        enabled: Whether it is on.
        value: The value, of a multivariate flag that of the user's variation.
        variant: The variation's key, or `control`; None for a flag without variations.
        reason: Why, in the engine's words.
    """

    state: State
    identity: int | None
    enabled: bool
    value: Any
    variant: str | None
    reason: str

    @property
    def name(self) -> str:
        """The flag's name."""
        return str(self.state["feature"]["name"])


def evaluated(
    environment: ServedEnvironment,
    identifier: str,
    traits: Mapping[str, Any],
    *,
    is_server_side: bool,
    is_known: bool = True,
) -> list[Evaluated]:
    """The flags of a user, in the environment's order, without those that are hidden.

    `is_known` says whether overrides of the user's own count.
    """
    own = environment.of_identities.get(identifier) if is_known else None
    result = evaluate(for_user(environment.context if own else environment.context_of_nobody, identifier, traits))
    chosen = _chosen(environment, result, own)
    found = [
        _flag(state, *chosen.get(state["feature"]["name"], (state, None)), result)
        for state in environment.states(is_server_side=is_server_side)
    ]
    return [flag for flag in found if flag.enabled or not environment.hides_disabled]


def plain_states(environment: ServedEnvironment, *, is_server_side: bool) -> list[Evaluated]:
    """The flags of a client that names no user: the environment's own states, without those that are hidden."""
    return [
        Evaluated(state, None, state["enabled"], state["feature_state_value"], None, STATIC)
        for state in environment.states(is_server_side=is_server_side)
        if state["enabled"] or not environment.hides_disabled
    ]


def _flag(state: State, winner: State, identity: int | None, result: Result) -> Evaluated:
    flag = result["flags"][state["feature"]["name"]]
    variant = flag.get("variant")
    if state["feature"]["type"] == MULTIVARIATE and not winner["multivariate_feature_state_values"]:
        variant = CONTROL
    elif identity is not None:
        variant = _whole(winner)
    return Evaluated(winner, identity, flag["enabled"], flag["value"], variant, flag["reason"])


def _whole(state: State) -> str | None:
    """The variation that gets all of a state: those of single users are never split."""
    shares = state["multivariate_feature_state_values"]
    if not shares:
        return None
    all_of = [item for item in shares if item["percentage_allocation"] == 100]
    return all_of[0]["multivariate_feature_option"].get("key") if all_of else CONTROL


def _chosen(
    environment: ServedEnvironment, result: Result, own: Mapping[str, Any] | None
) -> dict[str, tuple[State, int | None]]:
    """The state that decided, where it is not the environment's own, by the flag's name."""
    segments: dict[str, State] = {}
    for state in _of_segments(environment, result["segments"]):
        name = state["feature"]["name"]
        if name not in segments or _priority(state) < _priority(segments[name]):
            segments[name] = state
    found: dict[str, tuple[State, int | None]] = {name: (state, None) for name, state in segments.items()}
    for state in own["identity_features"] if own else ():
        found[state["feature"]["name"]] = (state, own["django_id"] if own else None)
    return found


def _of_segments(environment: ServedEnvironment, segments: Iterable[Mapping[str, Any]]) -> Iterator[State]:
    for segment in segments:
        number = segment["metadata"].get("id")
        if number is not None:
            yield from environment.of_segments[number]


def _priority(state: State) -> float:
    found = (state.get("feature_segment") or {}).get("priority")
    return DEFAULT_PRIORITY if found is None else float(found)
