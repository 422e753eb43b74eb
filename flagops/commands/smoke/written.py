"""The environment's document of what the round trip wrote: from it follows what each user has to get."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flagops.commands.smoke import evaluated, routes
from flagops.commands.smoke.makes import FIRST, SHARE, Maker, Saying
from flagops.commands.smoke.model import CheckFailedError
from flagops.commands.smoke.responses import Said
from flagops.commands.smoke.visit import Visit

EACH = 2  # users that get each variation
TRIED = 2000  # users, to find some that get what is looked for: each of three is as good as any


def document(visit: Visit, maker: Maker, saying: Saying, seed: int) -> evaluated.Document:
    """The document; `seed` is the number by which users are split among variations."""
    here, project = visit.keys.environment, visit.keys.project_row
    override = _state(maker, "variants", saying.override, maker.states["variants"].overrides[0].id)
    segment = {
        "id": maker.segment,
        "name": maker.name,
        "rules": _renamed(maker.rules),
        "feature_states": [{**override, "feature_segment": {"priority": 0}}],
    }
    listed = _state(maker, "listed", saying.user, 0)
    return {
        "api_key": here["api_key"],
        "name": here["name"],
        "hide_disabled_flags": here.get("hide_disabled_flags"),
        "project": {
            "hide_disabled_flags": project.get("hide_disabled_flags"),
            "server_key_only_feature_ids": [maker.features["server"]],
            "segments": [segment],
        },
        "feature_states": [
            {**_state(maker, "variants", saying.variants, seed), "multivariate_feature_state_values": _weights(maker)},
            _state(maker, "listed", saying.listed, maker.states["listed"].id),
            _state(maker, "server", saying.server, maker.states["server"].id),
        ],
        "identity_overrides": [{"identifier": maker.user, "identity_features": [listed]}],
    }


def one_of_each(visit: Visit, maker: Maker) -> list[str]:
    """Users of whom some get each variation and some the control, whichever seed counts."""
    name = f"{maker.name}_variants"
    shown = {"hide_disabled_flags": False}
    documents = [{**document(visit, maker, FIRST, seed), **shown} for seed in sorted(maker.seeds)]
    found: dict[str, list[str]] = {}
    for user in islice(_users(), TRIED):
        values = [evaluated.identity(each, user)[name][1] for each in documents]
        if all(value == values[0] for value in values):
            found.setdefault(str(values[0]), []).append(user)
        chosen = [user for users in found.values() for user in users[:EACH]]
        if len(chosen) == EACH * 3:
            return chosen
    raise CheckFailedError(f"of {TRIED} users none would get one of the variations: {', '.join(found)}")


def _users() -> Iterator[str]:
    while True:
        yield routes.some_user()


def _state(maker: Maker, word: str, said: Said, number: int) -> dict[str, Any]:
    kind = "MULTIVARIATE" if word == "variants" else "STANDARD"
    return {
        "feature": {"id": maker.features[word], "name": f"{maker.name}_{word}", "type": kind},
        "enabled": said[0],
        "feature_state_value": said[1],
        "django_id": number,
        "featurestate_uuid": str(number),
        "feature_segment": None,
        "multivariate_feature_state_values": [],
    }


def _weights(maker: Maker) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "multivariate_feature_option": {"id": item.option, "value": maker.options[item.option]},
            "percentage_allocation": SHARE,
        }
        for item in maker.states["variants"].variants
    ]


def _renamed(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as documents have them, which call a condition's property `property_`."""
    return [
        {
            "type": rule["type"],
            "rules": _renamed(rule["rules"]),
            "conditions": [{**item, "property_": item["property"]} for item in rule["conditions"]],
        }
        for rule in rules
    ]
