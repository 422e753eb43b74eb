"""What a catalogue or a server says, field by field, in a form that can be kept and compared much later."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.rollouts.in_pod.notes import declared_as_json
from components.rollouts.in_pod.shares import conditions
from flagops.commands.flags.catalogue.values import Plain, plain, structure
from flagops.commands.flags.history.left import Facts, ObjectKey, digest
from flagops.commands.flags.reconcile.change import ObjectKind
from flagops.commands.flags.reconcile.compare import ORDER, matched, weights_of
from flagops.commands.flags.reconcile.holds import without_holds
from flagops.commands.flags.reconcile.metadata import METADATA, TRUTHS
from flagops.commands.flags.reconcile.plan import SERVER_SIDE
from flagops.commands.flags.reconcile.running import ROLLOUT, is_own_share
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOverride, RemoteSegment, RemoteState, Snapshot
from flagops.commands.flags.spec import TAG, FlagSpec, OptionSpec, OverrideSpec, ProjectSpec, SegmentSpec, StateSpec
from flagops.flagsmith_api.custom_fields import FieldKind, by_name

PLACES = 3  # decimals of a weight, as far as two are told apart
SWITCH = "enabled"
UNSAID = ((SWITCH,), (SERVER_SIDE,))
ARCHIVED = ("archived",)
HERE: tuple[str, ...] = ()
"""The place that says that an object is there at all."""


def of_catalogue(wanted: ProjectSpec) -> dict[ObjectKey, Facts]:
    """What a server that has all of the catalogue is."""
    found: dict[ObjectKey, Facts] = {
        (ObjectKind.SEGMENT, name, None): {**_segment(item), **_metadata(item.metadata)}
        for name, item in wanted.segments.items()
    }
    for name, flag in wanted.flags.items():
        found[ObjectKind.FLAG, name, None] = {
            **_definition(flag.description, flag.tags, flag.options, is_archived=False),
            **_metadata(flag.metadata),
            **({} if flag.server_side_only is None else {(SERVER_SIDE,): flag.server_side_only}),
        }
        for environment, state in flag.states.items():
            noted = _state(state)
            is_of_people = environment in flag.people
            found[ObjectKind.FLAG, name, environment] = (
                {place: fact for place, fact in noted.items() if place[-1:] != (SWITCH,)} if is_of_people else noted
            )
    return found


def of_server(found: Snapshot, wanted: ProjectSpec) -> dict[ObjectKey, Facts]:
    """What a server is, as far as the catalogue manages it."""
    managed = {name for name, item in found.segments.items() if item.is_managed}
    facts: dict[ObjectKey, Facts] = {
        (ObjectKind.SEGMENT, name, None): {
            **_segment(item),
            **_metadata(by_name(item.fields, FieldKind.SEGMENT, found.known_fields)),
        }
        for name, item in found.segments.items()
    }
    for name, flag in found.flags.items():
        spec = wanted.flags.get(name)
        options = tuple(_options(flag, spec))
        tags = without_holds(flag.tags - found.system_tags - {TAG})
        definition = _definition(flag.description, tags, options, is_archived=flag.is_archived)
        said = _metadata(by_name(flag.fields, FieldKind.FLAG, found.known_fields))
        facts[ObjectKind.FLAG, name, None] = {**definition, **said, (SERVER_SIDE,): flag.server_side_only}
        for environment, state in flag.states.items():
            own = spec.states.get(environment) if spec else None
            named = {item.segment for item in own.overrides} if own else set()
            facts[ObjectKind.FLAG, name, environment] = _state(_as_spec(flag, spec, state, managed | named))
    return facts


def _options(flag: RemoteFlag, spec: FlagSpec | None) -> Iterator[OptionSpec]:
    known = {item.id: name for name, item in matched(flag.options, spec.options if spec else ()).items()}
    for item in flag.options:
        yield OptionSpec(known.get(item.id) or item.key or str(item.value), item.value, item.weight)


def _as_spec(flag: RemoteFlag, spec: FlagSpec | None, found: RemoteState, segments: Collection[str]) -> StateSpec:
    names = {item.id: item.key or str(item.value) for item in flag.options}
    names |= {item.id: name for name, item in matched(flag.options, spec.options if spec else ()).items()}

    def override(item: RemoteOverride) -> OverrideSpec:
        return OverrideSpec(item.segment, item.enabled, item.value, weights_of(item.variants, names))

    overrides = tuple(override(item) for item in found.overrides if item.segment in segments)
    return StateSpec(found.enabled, found.value, weights_of(found.variants, names), overrides)


def _metadata(values: Mapping[str, str]) -> Facts:
    return {(METADATA, name): digest(text.lower() if text.lower() in TRUTHS else text) for name, text in values.items()}


def _segment(item: SegmentSpec | RemoteSegment) -> Facts:
    """A share that a rollout set is the rollout's: it is no fact that an apply left."""
    said = None if item.rules is None else item.rules.as_json()
    rules = conditions(said) if said is not None and is_own_share(item) else said
    facts: dict[tuple[str, ...], Any] = {
        HERE: True,
        ("rules",): digest(rules),
        ("description",): digest(item.description),
    }
    return facts if item.rollout is None else {**facts, ROLLOUT: digest(declared_as_json(item.rollout))}


def _definition(
    description: str, tags: Collection[str], options: Collection[OptionSpec], *, is_archived: bool
) -> Facts:
    found: dict[tuple[str, ...], Any] = {
        HERE: True,
        ("description",): digest(description),
        ("tags",): digest(sorted(tags)),
        ARCHIVED: is_archived,
    }
    for option in options:
        place = ("variation", option.name)
        found[(*place, "name")] = digest(option.name)
        found[(*place, "value")] = digest(_value(option.value))
        found[(*place, "weight")] = round(option.weight, PLACES)
    return found


def _state(state: StateSpec) -> Facts:
    found: dict[tuple[str, ...], Any] = {HERE: True, **_fields(HERE, state)}
    for item in state.overrides:
        found |= _fields(("override", item.segment), item)
    found[ORDER] = [digest(item.segment) for item in state.overrides]
    return found


def _fields(place: tuple[str, ...], item: StateSpec | OverrideSpec) -> dict[tuple[str, ...], Any]:
    weights = {name: round(weight, PLACES) for name, weight in item.weights.items() if round(weight, PLACES)}
    return {
        (*place, SWITCH): item.enabled,
        (*place, "value"): digest(_value(item.value)),
        (*place, "weights"): digest(weights),
    }


def _value(value: Plain) -> Plain:
    """What two values that mean the same have in common."""
    parts = structure(value)
    return None if value == "" else value if parts is None else plain(parts)


def is_always_noted(place: tuple[str, ...]) -> bool:
    """Whether notes say it of whatever they know: not of a switch that is people's, nor of a custom field that nobody
    named by then."""
    return place[-1:] != (SWITCH,) and place[:1] != (METADATA,)


def below(facts: Facts, place: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """The facts at a place and within it."""
    return {key: value for key, value in facts.items() if key[: len(place)] == place}


def is_same(place: tuple[str, ...], one: Facts, other: Facts) -> bool:
    """Whether two say the same at a place. Of orders only what both have counts."""
    if place == ORDER:
        first, second = one.get(ORDER, []), other.get(ORDER, [])
        return [item for item in first if item in second] == [item for item in second if item in first]
    if len(place) == 1 and place not in one:
        return True  # nobody spoke of it
    first, second = below(one, place), below(other, place)
    # Of a switch that is left to people nothing is noted, nor of what the catalogue says nothing of.
    return first == {
        key: value
        for key, value in second.items()
        if key in first or (key[-1:] not in UNSAID and key[:1] != (METADATA,))
    }
