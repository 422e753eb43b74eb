"""The documents of a catalogue's environments: what Flagsmith would serve after `ff flags apply`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flagops.commands.flags.catalogue.values import Plain
from flagops.commands.flags.documents.numbers import Numbers, uuid_of
from flagops.commands.flags.spec import FlagSpec, ProjectSpec, SegmentSpec, StateSpec
from flagops.serving.model.declared import Declared, keys_of
from flagops.serving.model.environment import Feature

BEGINNING: Final = "1970-01-01T00:00:00.000000Z"
"""When everything was made: a catalogue does not say."""
ALL: Final = 100.0

Row = dict[str, Any]


def documents(project: str, spec: ProjectSpec) -> tuple[Declared, ...]:
    """The environments of a project, in the order of the catalogue."""
    numbers = Numbers()
    features = {name: _feature(numbers, flag) for name, flag in spec.flags.items()}
    segments = {name: numbers.of(f"segment/{name}") for name in spec.segments}
    keys = keys_of(spec.environments)
    made = [
        _Environment(name, keys[name].client_side, spec, features, segments, Numbers()) for name in spec.environments
    ]
    return tuple(item.declared(project, number) for number, item in enumerate(made, 1))


def _feature(numbers: Numbers, flag: FlagSpec) -> Row:
    kind = "MULTIVARIATE" if flag.options else "STANDARD"
    return {"id": numbers.of(f"flag/{flag.name}"), "name": flag.name, "type": kind}


class _Environment:
    """Makes one environment's document."""

    def __init__(
        self,
        name: str,
        key: str,
        spec: ProjectSpec,
        features: Mapping[str, Row],
        segments: Mapping[str, int],
        numbers: Numbers,
    ) -> None:
        self._name, self._key, self._spec = name, key, spec
        self._features, self._segments, self._numbers = features, segments, numbers
        self._links: dict[int, int] = {}

    def declared(self, project: str, number: int) -> Declared:
        """The document, with what it does not say of its flags."""
        own = {flag.name: flag.states[self._name] for flag in self._spec.flags.values()}
        states = [self._state(name, state.enabled, state.value, state.weights, name) for name, state in own.items()]
        overrides = {name: list(self._overrides(name, own)) for name in self._spec.segments}
        document = {
            "id": number,
            "api_key": self._key,
            "project": {
                "id": 1,
                "name": project,
                "organisation": {
                    "id": 1,
                    "name": project,
                    "feature_analytics": False,
                    "stop_serving_flags": False,
                    "persist_trait_data": True,
                },
                "hide_disabled_flags": self._spec.hides.get(None, False),
                "segments": [
                    self._segment(segment, overrides[name])
                    for name, segment in self._spec.segments.items()
                    if segment.feature is None or overrides[name]
                ],
                "enable_realtime_updates": True,
                "server_key_only_feature_ids": [
                    self._features[name]["id"] for name, flag in self._spec.flags.items() if flag.server_side_only
                ],
            },
            "feature_states": states,
            "identity_overrides": [],
            "name": self._name,
            "allow_client_traits": True,
            "updated_at": BEGINNING,
            "hide_sensitive_data": False,
            "hide_disabled_flags": self._spec.hides.get(self._name),
            "use_identity_composite_key_for_hashing": True,
            "use_identity_overrides_in_local_eval": True,
        }
        return Declared(document, self._shown(own), self._links)

    def _shown(self, own: Mapping[str, StateSpec]) -> dict[int, Feature]:
        return {
            self._features[flag.name]["id"]: Feature(
                created_date=BEGINNING,
                description=flag.description or None,
                initial_value=None if flag.value is None else str(flag.value),
                default_enabled=own[flag.name].enabled,
            )
            for flag in self._spec.flags.values()
        }

    def _segment(self, segment: SegmentSpec, states: list[Row]) -> Row:
        rules = [_rule(row) for row in segment.rules.as_json()]
        number = self._segments[segment.name]
        return {"id": number, "name": segment.name, "rules": rules, "feature_states": states}

    def _overrides(self, segment: str, own: Mapping[str, StateSpec]) -> Iterator[Row]:
        for flag, state in own.items():
            for priority, override in enumerate(state.overrides):
                if override.segment == segment:
                    made = self._state(flag, override.enabled, override.value, override.weights, f"{flag}/{segment}")
                    self._links[made["django_id"]] = self._numbers.of(f"link/{flag}/{segment}")
                    yield {**made, "feature_segment": {"priority": priority}}

    def _state(self, flag: str, enabled: bool, value: Plain, weights: Mapping[str, float], place: str) -> Row:  # noqa: FBT001 - of the parts of two kinds of states
        options = self._spec.flags[flag].options
        first = self._numbers.of(f"shares/{place}", len(options)) if options else 0
        return {
            "feature": self._features[flag],
            "enabled": enabled,
            "django_id": self._numbers.of(f"state/{place}"),
            "feature_segment": None,
            "featurestate_uuid": uuid_of(f"{self._key}/state/{place}"),
            "feature_state_value": value,
            "multivariate_feature_state_values": [
                {
                    "multivariate_feature_option": {
                        "value": option.value,
                        "id": first + number,
                        "key": option.name,
                    },
                    "percentage_allocation": float(weights[option.name]),
                    "id": first + number,
                    "mv_fs_value_uuid": uuid_of(f"{self._key}/share/{place}/{option.name}"),
                }
                for number, option in enumerate(options)
            ],
        }


def _rule(row: Row) -> Row:
    """A rule of the API in the form of documents."""
    conditions = [
        {"operator": item["operator"], "value": item.get("value", "None"), "property_": item["property"]}
        for item in row["conditions"]
    ]
    return {"type": row["type"], "rules": [_rule(inner) for inner in row.get("rules", [])], "conditions": conditions}
