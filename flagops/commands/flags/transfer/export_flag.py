"""One flag of a live project, as a catalogue says it."""

from collections.abc import Collection, Mapping
from typing import Any

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from flagops.commands.flags.catalogue.model import Catalogue, Rollout
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.catalogue.values import same
from flagops.commands.flags.reconcile.desired import ALL
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteSegment, RemoteState, Snapshot
from flagops.commands.flags.spec import TAG
from flagops.commands.flags.transfer.export_parts import (
    is_without_effect,
    metadata_content,
    percent,
    share_of,
    usual_of,
    value_content,
)
from flagops.commands.flags.transfer.export_rollouts import Guards, steps_content
from flagops.flagsmith_api.custom_fields import FieldKind
from flagops.serving.engine.variations import CONTROL

UNASSIGNED = "unassigned"
KEPT = ("owner", "kind", "version", "success", "expires")
"""What git knows of a flag; of these, Flagsmith has the expiry too, as a tag, which counts."""


class CannotSayError(Exception):
    """What no catalogue can say."""


class ExportedFlag:
    """A flag of the catalogue: its fields are what most environments have; each environment says what else it has."""

    def __init__(
        self,
        flag: RemoteFlag,
        found: Snapshot,
        segments: Mapping[str, Any],
        like: Catalogue | None,
        left_out: list[str],
        guards: Guards,
    ) -> None:
        self._flag, self._found, self._segments, self._guards = flag, found, segments, guards
        self._like = like.flags.get(flag.name) if like else None
        self._left_out = left_out
        self._names = {option.id: option.key or f"variation_{number}" for number, option in enumerate(flag.options, 1)}

    def content(self) -> dict[str, Any]:
        """The flag's entry. Raises CannotSayError."""
        flag = self._flag
        states = {
            name: self._state(name, flag.states[name]) for name in self._found.environments if name in flag.states
        }
        usual = usual_of(list(states.values()))
        if self._like is not None and self._like.rollout is None:
            usual["rollout"] = None  # it says in each environment what its rollout is there
        tags = sorted(tag for tag in flag.tags - self._found.system_tags - {TAG} if day_of(tag) is None)
        said = metadata_content(flag, FieldKind.FLAG, self._found, self._like)
        found = {"description": flag.description, **self._kept(), **({"tags": tags} if tags else {}), **said}
        if flag.server_side_only:
            found["server_side_only"] = True
        if flag.options:
            found["variations"] = self._variations(self._said(usual.pop("value")))
            usual["weights"] = self._weights_of({option.id: option.weight for option in flag.options})
        found |= {key: value for key, value in usual.items() if value is not None and key != "weights"}
        environments = {name: self._different(state, usual) for name, state in states.items()}
        environments = {name: state for name, state in environments.items() if state}
        return found | ({"environments": environments} if environments else {})

    def _kept(self) -> dict[str, Any]:
        expires = {} if self._flag.expires is None else {"expires": self._flag.expires}
        if self._like is None:
            return {"owner": UNASSIGNED, "kind": "ops", **expires}
        known = self._like.model_dump(mode="python")
        kept = {key: str(known[key]) if key == "kind" else known[key] for key in KEPT if known[key] is not None}
        return kept | expires

    def _variations(self, control: Any) -> list[dict[str, Any]]:
        """The control has what the others leave, and the catalogue's name for it."""
        rest = ALL - sum(option.weight for option in self._flag.options)
        others = [
            {
                "name": self._names[option.id],
                "value": self._said(option.value),
                "weight": percent(option.weight),
            }
            for option in self._flag.options
        ]
        return [{"name": self._control, "value": control, "weight": percent(rest)}, *others]

    @staticmethod
    def _said(value: Any) -> Any:
        """A variation's value: a catalogue has no variation without one."""
        return "" if value is None else value_content(value)

    @property
    def _control(self) -> str:
        return self._like.variations[0].name if self._like and self._like.variations else CONTROL

    def _weights_of(self, weights: Mapping[int, float]) -> dict[str, float]:
        rest = ALL - sum(weights.values())
        others = {self._names[number]: percent(weight) for number, weight in weights.items()}
        return {self._control: percent(rest), **others}

    def _different(self, state: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
        if self._flag.options and state["value"] != self._found_control:
            raise CannotSayError("its control value is not the same in all environments")
        keys = [key for key in state if key in usual and state[key] != usual[key]]
        if is_without_effect(state["rollout"], state):
            keys = [key for key in keys if key != "rollout"]
        return {key: state[key] if state[key] is not None else [] for key in keys}

    @property
    def _found_control(self) -> Any:
        return value_content(next(iter(self._flag.states.values())).value)

    def _state(self, environment: str, state: RemoteState) -> dict[str, Any]:
        targeting, rollout = self._overrides(environment, state)
        return {
            "enabled": state.enabled,
            "value": value_content(state.value),
            "weights": self._weights(state),
            "targeting": targeting or None,
            "rollout": rollout,
        }

    def _weights(self, item: RemoteState | RemoteOverride) -> dict[str, float] | None:
        if not self._flag.options:
            return None
        own = {variant.option: variant.weight for variant in item.variants}
        return self._weights_of({option.id: own.get(option.id, 0.0) for option in self._flag.options})

    def _overrides(self, environment: str, state: RemoteState) -> tuple[list[dict[str, Any]], Any]:
        """The targeting and the rollout that the overrides say."""
        targets: list[dict[str, Any]] = []
        shares: dict[str, float] = {}
        steps: dict[str, Any] = {}
        known = self._known_groups(environment)
        everyone, prefix = 0.0, rollout_segment(self._flag.name, environment)
        for item in state.overrides:
            segment = self._found.segments[item.segment]
            group = item.segment.removeprefix(f"{prefix}.")
            is_own = segment.feature is not None and segment.is_managed
            if is_own and not steps and self._is_its_rollout(segment, environment):
                steps = self._steps(environment, segment, item, state)
            elif is_own and item.segment == prefix:
                everyone = share_of(segment)
            elif is_own and group != item.segment:
                shares[group] = share_of(segment)
            elif item.segment in shares or item.segment == steps.get("segment"):
                continue  # who misses the share of a group has what everybody has
            elif item.segment not in self._segments:
                self._left_out.append(f"override of {self._flag.name} for {item.segment} in {environment}")
            elif shares or item.segment in known:
                shares[item.segment] = ALL if item.enabled else 0.0
            else:
                targets.append(self._target(item, state))
            if segment.unreadable:
                self._left_out.append(self._without_steps(environment, segment.unreadable))
        if not shares:
            return targets, steps or (percent(everyone) if everyone else None)
        rollout = steps or {"everyone": percent(everyone)}
        return targets, rollout | {"segments": {name: percent(of) for name, of in shares.items()}}

    def _is_its_rollout(self, segment: RemoteSegment, environment: str) -> bool:
        """Whether what is declared in a segment is of this flag in this environment, and in the place for it."""
        of = segment.rollout
        names = (self._flag.name, environment)
        return (
            of is not None and (of.flag, of.environment) == names and segment.name == rollout_segment(*names, of.group)
        )

    def _steps(
        self, environment: str, segment: RemoteSegment, item: RemoteOverride, state: RemoteState
    ) -> dict[str, Any]:
        """What is declared in the share's segment, and the value that its users get; nothing, where by somebody's hand
        they get what everybody has: steps to that are none."""
        declared = segment.rollout
        assert declared is not None  # noqa: S101 - asked for before
        found = steps_content(declared, self._like_rollout(environment))
        is_switched = declared.base != state.enabled and is_without_effect(found, {"enabled": state.enabled})
        # Steps that switch nothing have a value, be it what everybody has.
        if not same(item.value, state.value) or (not is_switched and declared.enabled == declared.base):
            found["value"] = "" if item.value is None else value_content(item.value)
        if is_without_effect(found, {"enabled": state.enabled}):
            said = f"it is {'on' if state.enabled else 'off'} for everybody there"
            self._left_out.append(self._without_steps(environment, said))
            return {}
        self._guards.add(declared)
        return found

    def _without_steps(self, environment: str, why: str) -> str:
        return f"flag {self._flag.name}: its steps in {environment} ({why})"

    def _like_rollout(self, environment: str) -> Rollout | None:
        if self._like is None:
            return None
        own = self._like.environments.get(environment)
        return (own.rollout if own else None) or self._like.rollout

    def _known_groups(self, environment: str) -> Collection[str]:
        """The groups that the other catalogue's rollout names: of 100 % and 0 % the server keeps plain overrides."""
        rollout = self._like_rollout(environment)
        return rollout.segments if rollout else ()

    def _target(self, item: RemoteOverride, state: RemoteState) -> dict[str, Any]:
        found = {"segment": item.segment, "enabled": item.enabled}
        weights = self._weights(item)
        has_own_value = not same(item.value, state.value)
        if weights is not None and any(variant.weight for variant in item.variants):
            if has_own_value:
                raise CannotSayError(f"its override for {item.segment} has a control value of its own")
            return found if weights == self._weights(state) else {**found, "weights": weights}
        if has_own_value or weights is not None:
            found["value"] = "" if item.value is None else value_content(item.value)
        return found
