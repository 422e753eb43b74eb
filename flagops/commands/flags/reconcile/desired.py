"""What a catalogue wants of a server: rollouts become segments and overrides of Flagsmith's own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from components.rollouts.in_pod.shares import conditions, digest, meaning, text_of
from flagops.commands.flags.catalogue.expiry import expiry_tag
from flagops.commands.flags.catalogue.membership import kept_text, members
from flagops.commands.flags.catalogue.metadata import texts
from flagops.commands.flags.catalogue.model import Catalogue, Flag, Rollout, State, StateOwner, Target
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.catalogue.values import Plain, plain
from flagops.commands.flags.reconcile.access import access_of, groups_of
from flagops.commands.flags.reconcile.running import at
from flagops.commands.flags.reconcile.timetable import Shares, at_the_beginning, declared_of
from flagops.commands.flags.spec import (
    FlagSpec,
    OptionSpec,
    OverrideSpec,
    ProjectSpec,
    SegmentSpec,
    StateSpec,
)
from flagops.commands.flags.who import EVERYBODY, SPLIT, Rules, all_of, condition, rules

ALL = 100.0
ROLLOUT_DESCRIPTION = "A share of users, for the rollout of {flag} in {environment}."


def desired(catalogue: Catalogue, shares: Shares = at_the_beginning) -> ProjectSpec:
    """The specification of a project; the catalogue must have been checked. `shares` says how far a share with steps
    is; a Flagsmith that has it knows better (`with_live_shares`)."""
    groups = {name: members(item) for name, item in catalogue.segments.items()}
    segments = {
        name: SegmentSpec(name, item.description.strip(), groups[name], item.flag, texts(item.metadata))
        for name, item in catalogue.segments.items()
    }
    flags = {}
    for name, flag in catalogue.flags.items():
        states = {}
        for environment in catalogue.environments:
            wanted = _DesiredState(name, environment, flag, groups, catalogue, shares)
            states[environment] = wanted.spec()
            segments.update(wanted.made)
        flags[name] = FlagSpec(
            name=name,
            description=flag.description.strip(),
            tags=frozenset(flag.tags) | expiry_tag(flag.expires),
            value=_control(flag, None),
            options=tuple(OptionSpec(item.name, plain(item.value), item.weight) for item in flag.variations[1:]),
            states=states,
            server_side_only=flag.server_side_only,
            metadata=texts(flag.metadata),
            people=frozenset(filter(lambda place: is_of_people(flag, place), catalogue.environments)),
        )
    people, access = groups_of(catalogue), access_of(catalogue)
    return ProjectSpec(catalogue.environments, segments, flags, people, access, catalogue.hide_disabled.places)


def is_of_people(flag: Flag, environment: str) -> bool:
    """Whether the catalogue leaves the flag's switch to people there."""
    own = flag.environments.get(environment)
    return (own.state if own and own.state else flag.state) is StateOwner.UI


def _control(flag: Flag, state: State | None) -> Plain:
    if flag.variations:
        return plain(flag.variations[0].value)
    return plain(flag.value if state is None or state.value is None else state.value)


class _DesiredState:
    """Makes the state of one flag in one environment, and the segments that its rollout needs."""

    def __init__(
        self,
        name: str,
        environment: str,
        flag: Flag,
        groups: Mapping[str, Rules],
        catalogue: Catalogue,
        shares: Shares,
    ) -> None:
        self._name, self._environment, self._flag, self._groups = name, environment, flag, groups
        self._catalogue, self._shares = catalogue, shares
        own = flag.environments.get(environment, State())
        self._own = own
        self._enabled = flag.enabled if own.enabled is None else own.enabled
        self._value = _control(flag, own)
        self._weights = _others(flag, own.weights)
        self.made: dict[str, SegmentSpec] = {}

    def spec(self) -> StateSpec:
        """The state."""
        targets = self._flag.targeting if self._own.targeting is None else self._own.targeting
        overrides = [self._targeted(target) for target in targets]
        rollout = self._own.rollout or self._flag.rollout
        if rollout is not None and not self._enabled:  # what is on for everybody has no share to roll out to
            overrides += self._rolled_out(rollout)
        if rollout is not None and rollout.steps and self._differs(rollout):
            overrides += self._with_steps(rollout, tuple(item.segment for item in overrides))
        return StateSpec(self._enabled, self._value, self._weights, tuple(overrides))

    def _targeted(self, target: Target) -> OverrideSpec:
        value, weights = self._value, self._weights
        if target.value is not None:
            value, weights = plain(target.value), dict.fromkeys(weights, 0.0)
        elif target.weights is not None:
            weights = _others(self._flag, target.weights)
        return OverrideSpec(target.segment, target.enabled, value, weights)

    def _rolled_out(self, rollout: Rollout) -> Iterator[OverrideSpec]:
        """Exact shares: who misses the share of a group is off by an override of the whole group, and so does not fall
        through to the next one."""
        for group, share in rollout.segments.items():
            if 0 < share < ALL:
                yield self._on(self._made(share, group))
            yield OverrideSpec(group, share == ALL, self._value, self._weights)
        if rollout.everyone:
            yield self._on(self._made(rollout.everyone, None))

    def _differs(self, rollout: Rollout) -> bool:
        """Whether the steps give something else than everybody has in this environment."""
        return rollout.enabled != self._enabled or rollout.value is not None

    def _with_steps(self, rollout: Rollout, ahead: tuple[str, ...]) -> Iterator[OverrideSpec]:
        """A share that grows, and for a group the rest of it, which has what everybody has."""
        group = rollout.segment
        value = self._value if rollout.value is None else plain(rollout.value)
        name = rollout_segment(self._name, self._environment, group)
        within = self._groups[group] if group else EVERYBODY
        declared = declared_of(self._catalogue, self._name, self._environment, rollout, base=self._enabled, value=value)
        made = rules(all_of([within, condition(SPLIT, None, text_of(0))]))
        rest = digest(meaning(self._value)) if group else ""
        declared = replace(declared, conditions=conditions(made.as_json()), rest=rest, ahead=ahead)
        description = ROLLOUT_DESCRIPTION.format(flag=self._name, environment=self._environment)
        share = at(made, self._shares(declared))
        self.made[name] = SegmentSpec(name, description, share, feature=self._name, rollout=declared)
        yield OverrideSpec(name, rollout.enabled, value, self._weights)
        if group:
            yield OverrideSpec(group, self._enabled, self._value, self._weights)

    def _on(self, segment: str) -> OverrideSpec:
        return OverrideSpec(segment, enabled=True, value=self._value, weights=self._weights)

    def _made(self, share: float, group: str | None) -> str:
        name = rollout_segment(self._name, self._environment, group)
        within = self._groups[group] if group else EVERYBODY
        split = condition(SPLIT, None, kept_text(float(share)))
        description = ROLLOUT_DESCRIPTION.format(flag=self._name, environment=self._environment)
        self.made[name] = SegmentSpec(name, description, rules(all_of([within, split])), feature=self._name)
        return name


def _others(flag: Flag, weights: Mapping[str, float] | None) -> dict[str, float]:
    """The weights of all variations but the control, which gets what they leave."""
    return {item.name: item.weight if weights is None else weights[item.name] for item in flag.variations[1:]}
