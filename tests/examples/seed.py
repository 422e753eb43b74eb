"""Brings the catalogue to the double, so that the examples find the flags they ask for."""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.flags.catalogue.model import Catalogue, Condition, Flag, Rollout
from ops.flagsmith.client import FlagsmithClient
from tests.doubles.flagsmith import Flagsmith

PROJECT = "/api/v1/projects/1"
Rule = dict[str, Any]


def seed(flagsmith: Flagsmith, catalogue: Catalogue) -> None:
    """Make the catalogue's segments and flags, with their states in those of its environments that are there."""
    with FlagsmithClient(flagsmith.url) as client:
        client.log_in(flagsmith.email, flagsmith.password)
        segments = {
            name: _segment(client, name, [_all(_conditions(segment.all))])
            for name, segment in catalogue.segments.items()
        }
        rules = {name: _conditions(segment.all) for name, segment in catalogue.segments.items()}
        environments = {row["name"]: row for row in client.pages("/api/v1/environments/")}
        for name, flag in catalogue.flags.items():
            made = _feature(client, name, flag)
            groups = _rollout(client, name, flag.rollout, rules) if flag.rollout else []
            groups += [(segments[target.segment], target.enabled) for target in flag.targeting]
            for environment, row in environments.items():
                _switch(client, row, made, flag, environment)
                for priority, (segment, enabled) in enumerate(groups):
                    _override(client, row, made, segment, enabled=enabled, priority=priority)


def _feature(client: FlagsmithClient, name: str, flag: Flag) -> Any:
    control, *others = flag.variations or (None,)
    options = [
        {"type": "unicode", "string_value": item.value, "default_percentage_allocation": item.weight}
        for item in others
        if item is not None
    ]
    body = {
        "name": name,
        "default_enabled": flag.enabled,
        "initial_value": control.value if control else flag.value,
        "multivariate_options": options,
    }
    return client.post(f"{PROJECT}/features/", body)


def _switch(client: FlagsmithClient, row: Any, feature: Any, flag: Flag, environment: str) -> None:
    said = flag.environments.get(environment)
    if said is None or said.enabled is None:
        return
    path = f"/api/v1/environments/{row['api_key']}/featurestates/"
    (state,) = client.pages(path, {"feature": feature["id"]})
    client.patch(f"{path}{state['id']}/", {"enabled": said.enabled})


def _rollout(client: FlagsmithClient, flag: str, rollout: Rollout, rules: Mapping[str, Rule]) -> list[tuple[int, bool]]:
    """A share of each segment, without those who are in an earlier one; then of who is in none of them."""
    groups, before = [], list[Rule]()
    for name, share in rollout.segments.items():
        groups.append(_share(client, f"{flag}_{name}", share, [_all(rules[name])], before))
        before.append(rules[name])
    groups.append(_share(client, f"{flag}_everyone", rollout.everyone, [], before))
    return [(segment, True) for segment in groups]


def _share(client: FlagsmithClient, name: str, share: float, within: list[Rule], without: list[Rule]) -> int:
    split = {"conditions": [{"operator": "PERCENTAGE_SPLIT", "property": None, "value": str(share)}]}
    none = [{"type": "NONE", "rules": [*without], "conditions": []}] if without else []
    return _segment(client, name, [_all({"type": "ALL", **split}), *within, *none])


def _segment(client: FlagsmithClient, name: str, rules: list[Rule]) -> int:
    return int(client.post(f"{PROJECT}/segments/", {"name": name, "rules": rules})["id"])


def _all(inner: Rule) -> Rule:
    return {"type": "ALL", "rules": [inner], "conditions": []}


def _conditions(conditions: Iterable[Condition]) -> Rule:
    return {"type": "ALL", "conditions": [_condition(item) for item in conditions]}


def _condition(item: Condition) -> Rule:
    value = str(item.value).lower() if isinstance(item.value, bool) else str(item.value)
    return {"operator": str(item.operator), "property": item.trait, "value": value}


def _override(client: FlagsmithClient, row: Any, feature: Any, segment: int, *, enabled: bool, priority: int) -> None:
    body = {"feature_segment": {"segment": segment, "priority": priority}, "enabled": enabled}
    client.post(f"/api/v1/environments/{row['api_key']}/features/{feature['id']}/create-segment-override/", body)
