"""Turns a live project into a catalogue; what no catalogue can say is left out and told."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.flag_metrics.in_pod.flag_metrics_tag import day_of
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.naming import NameStyle, fits, style_of
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.catalogue.values import same
from flagops.commands.flags.reconcile.desired import ALL
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteSegment, RemoteState, Snapshot
from flagops.commands.flags.spec import TAG
from flagops.commands.flags.transfer.export_limits import limits_content
from flagops.commands.flags.transfer.export_parts import (
    hidden_fields,
    is_rollout,
    metadata_content,
    percent,
    share_of,
    usual_of,
    value_content,
)
from flagops.commands.flags.transfer.export_segments import segment_content
from flagops.flagsmith_api.custom_fields import FieldKind
from flagops.serving.engine.variations import CONTROL

UNASSIGNED = "unassigned"
KEPT = ("owner", "kind", "version", "success", "expires")
"""What git knows of a flag; of these, Flagsmith has the expiry too, as a tag, which counts."""


@dataclass
class Exported:
    """A catalogue's content, what is not in it, and what is in it otherwise than it is, in words."""

    content: dict[str, Any]
    left_out: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


class CannotSayError(Exception):
    """What no catalogue can say."""


def export(found: Snapshot, project: str, like: Catalogue | None = None) -> Exported:
    """The catalogue of a live project.

    Args:
        found: The project.
        project: Its name.
        like: A catalogue to take from what only git knows: owners, kinds, expiry, and the style of names. Flags that
            it does not have are operational ones that nobody owns yet. Without it, the style is that of all names.
    """
    flags_of = {flag.id: name for name, flag in found.flags.items()}
    segments = {
        name: item
        for name, item in found.segments.items()
        if not is_rollout(item, flags_of.get(item.feature or 0), found)
    }
    style = (
        like.names if like else style_of([*segments, *(name for name, of in found.flags.items() if not of.is_archived)])
    )
    own_style = {} if style is NameStyle.SNAKE else {"names": str(style)}
    head = {"project": project, **own_style, "environments": list(found.environments)}
    done = Exported(head | limits_content(found), hidden_fields(found))
    content = {
        name: segment_content(item, flags_of.get(item.feature or 0), found, like.segments.get(name) if like else None)
        for name, item in segments.items()
        if _can_say(name, item, found, done, style)
    }
    flags: dict[str, Any] = {}
    for name, flag in found.flags.items():
        if flag.is_archived:
            done.left_out.append(f"flag {name}: it is archived")
            continue
        if not fits(name, style):
            done.left_out.append(f"flag {name}: its name is not {style}")
            continue
        try:
            flags[name] = _Flag(flag, found, content, like, done.left_out).content()
        except CannotSayError as error:
            archived = " (the next apply would archive it)" if flag.is_managed else ""
            done.left_out.append(f"flag {name}: {error}{archived}")
    hiding = {name: item.hides_disabled for name, item in found.environments.items() if item.hides_disabled is not None}
    if found.hides_disabled or hiding:
        own = {"project": True} if found.hides_disabled else {}
        done.content["hide_disabled"] = own | ({"environments": hiding} if hiding else {})
    done.content |= {"segments": content, "flags": flags}
    if like is not None:
        kept = like.model_dump(mode="json", exclude_unset=True)
        done.content |= {key: kept[key] for key in ("access", "keys") if key in kept}
    return done


def _can_say(name: str, segment: RemoteSegment, found: Snapshot, done: Exported, style: NameStyle) -> bool:
    reasons = {
        f"its name is not {style}": not fits(name, style),
        "there are several of its name": name in found.ambiguous,
        "it has a kind of rule that this release does not know": segment.rules is None,
    }
    reason = next((text for text, holds in reasons.items() if holds), None)
    if reason:
        done.left_out.append(f"segment {name}: {reason}")
    return reason is None


class _Flag:
    """A flag of the catalogue: its fields are what most environments have; each environment says what else it has."""

    def __init__(
        self,
        flag: RemoteFlag,
        found: Snapshot,
        segments: Mapping[str, Any],
        like: Catalogue | None,
        left_out: list[str],
    ) -> None:
        self._flag, self._found, self._segments = flag, found, segments
        self._like = like.flags.get(flag.name) if like else None
        self._left_out = left_out
        self._names = {option.id: option.key or f"variation_{number}" for number, option in enumerate(flag.options, 1)}

    def content(self) -> dict[str, Any]:
        flag = self._flag
        states = {
            name: self._state(name, flag.states[name]) for name in self._found.environments if name in flag.states
        }
        usual = usual_of(list(states.values()))
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
        if state["enabled"]:
            keys = [key for key in keys if key != "rollout"]  # which has no meaning there
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
        known = self._known_groups(environment)
        everyone, prefix = 0.0, rollout_segment(self._flag.name, environment)
        for item in state.overrides:
            segment = self._found.segments[item.segment]
            group = item.segment.removeprefix(f"{prefix}.")
            if segment.feature is not None and segment.is_managed and item.segment == prefix:
                everyone = share_of(segment)
            elif segment.feature is not None and segment.is_managed and group != item.segment:
                shares[group] = share_of(segment)
            elif item.segment in shares:
                continue  # who misses the share of a group is off
            elif item.segment not in self._segments:
                self._left_out.append(f"override of {self._flag.name} for {item.segment} in {environment}")
            elif shares or item.segment in known:
                shares[item.segment] = ALL if item.enabled else 0.0
            else:
                targets.append(self._target(item, state))
        if not shares:
            return targets, percent(everyone) if everyone else None
        return targets, {"everyone": percent(everyone), "segments": {name: percent(of) for name, of in shares.items()}}

    def _known_groups(self, environment: str) -> Collection[str]:
        """The groups that the other catalogue's rollout names: of 100 % and 0 % the server keeps plain overrides."""
        if self._like is None:
            return ()
        own = self._like.environments.get(environment)
        rollout = (own.rollout if own else None) or self._like.rollout
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
