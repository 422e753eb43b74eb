"""Writes what a flag is in one environment: its state, its overrides and their order, in place."""

from collections.abc import Mapping
from typing import Any

from ops.flags.reconcile.apply.ensure import ensure, first
from ops.flags.reconcile.change import Change
from ops.flags.reconcile.compare import matched, orders, surplus
from ops.flags.server.read import read_state
from ops.flags.server.rows import typed
from ops.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteState, Snapshot, Variant
from ops.flags.spec import FlagSpec, OverrideSpec, StateSpec
from ops.flagsmith.client import FlagsmithClient
from ops.flagsmith.deployed import Environment


class States:
    """Writes flags in environments that keep no versions, where each change is live when it is made."""

    def __init__(self, client: FlagsmithClient, found: Snapshot) -> None:
        self._client, self._found = client, found
        self._segments = {name: item.id for name, item in found.segments.items()}
        self._names = {item.id: name for name, item in found.segments.items()}
        self._managed = {name for name, item in found.segments.items() if item.is_managed}

    def write(self, wanted: FlagSpec, environment: Environment, changes: list[Change]) -> None:
        """Carry out the changes of one flag in one environment.

        Overrides come before the state that they are exceptions of, and go after it: nobody is switched by the way.
        """
        flag = self._found.flags[wanted.name]
        state, found = wanted.states[environment.name], flag.states[environment.name]
        ids = {name: item.id for name, item in matched(flag.options, wanted.options).items()}
        changed = {change.field[:2] if change.field[:1] == ("override",) else change.field[:1] for change in changes}
        there = {item.segment: item for item in found.overrides}
        made = False
        for override in state.overrides:
            if override.segment not in there:
                made = self._add_override(flag, environment, override, ids) or made
            elif ("override", override.segment) in changed:
                self._put(flag, environment, there[override.segment], override, ids)
        if made or ("order of overrides",) in changed:
            self._set_order(flag, environment, state)
        if {("enabled",), ("value",), ("weights",)} & changed:
            self._put(flag, environment, found, state, ids)
        for item in surplus(state, found, self._managed):
            self._client.delete(f"/api/v1/features/feature-segments/{item.link}/")

    def _put(
        self,
        flag: RemoteFlag,
        environment: Environment,
        found: RemoteState | RemoteOverride,
        wanted: StateSpec | OverrideSpec,
        ids: Mapping[str, int],
    ) -> None:
        body = {
            "feature": flag.id,
            "environment": environment.id,
            "feature_segment": found.link if isinstance(found, RemoteOverride) else None,
            **content(wanted, ids, found.variants),
        }
        self._client.put(f"/api/v1/features/featurestates/{found.id}/", body)

    def _add_override(
        self, flag: RemoteFlag, environment: Environment, wanted: OverrideSpec, ids: Mapping[str, int]
    ) -> bool:
        """Make an override, never a second one for a segment, which the server would take: whether it was made."""
        segment = self._segments[wanted.segment]
        links = "/api/v1/features/feature-segments/"
        where = {"environment": environment.id, "feature": flag.id}
        path = f"/api/v1/environments/{environment.key}/features/{flag.id}/create-segment-override/"
        body = {"feature_segment": {"segment": segment}, **content(wanted, ids, ())}
        before = first(self._client.pages(links, where), segment=segment)
        if before is None:
            ensure(
                lambda: first(self._client.pages(links, where), segment=segment),
                lambda: self._client.post(path, body),
            )
            return True
        found = read_state(self._client, environment, flag.id, self._names)
        there = next(item for item in found.overrides if item.segment == wanted.segment)
        self._put(flag, environment, there, wanted, ids)
        return True

    def _set_order(self, flag: RemoteFlag, environment: Environment, state: StateSpec) -> None:
        """Give the catalogue's overrides its order, in the places that they have; others keep theirs."""
        found = read_state(self._client, environment, flag.id, self._names)
        before, after = orders(state, found)
        if before == after:
            return
        there = {item.segment: item for item in found.overrides}
        # Places are renumbered from 0, since several overrides may have one and the same.
        places = [number for number, item in enumerate(found.overrides) if item.segment in after]
        ranks = {item.link: number for number, item in enumerate(found.overrides)}
        ranks |= {there[name].link: number for name, number in zip(after, places, strict=True)}
        body = [{"id": link, "priority": rank} for link, rank in ranks.items()]
        self._client.post("/api/v1/features/feature-segments/update-priorities/", body)


def content(wanted: StateSpec | OverrideSpec, ids: Mapping[str, int], variants: tuple[Variant, ...]) -> dict[str, Any]:
    """A state or an override in the API's form; `variants` are the weights that it has, `ids` the variations' own."""
    own = {item.option: item.id for item in variants}
    weights = [
        {
            **({"id": own[ids[name]]} if ids[name] in own else {}),
            "multivariate_feature_option": ids[name],
            "percentage_allocation": weight,
        }
        for name, weight in wanted.weights.items()
    ]
    return {
        "enabled": wanted.enabled,
        "feature_state_value": typed(wanted.value),
        "multivariate_feature_state_values": weights,
    }
