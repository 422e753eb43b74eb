"""`/flags/`: what an environment has for a client that names no user."""

from collections.abc import Mapping
from typing import Any

from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.model.backend import Backend
from flagops.serving.model.environment import UNKNOWN, ServedEnvironment, State
from flagops.serving.sdk.keys import environment_of, is_server_side, updated_at

NOT_FOUND = {"detail": "Given feature not found"}


def shown(environment: ServedEnvironment, state: State, identity: int | None = None) -> dict[str, Any]:
    """A state in the form of the API; `identity` is the number of the user whose own it is."""
    feature, number = state["feature"], state["django_id"]
    more = environment.features.get(feature["id"], UNKNOWN)
    hides = environment.hides_sensitive
    link = None if state.get("feature_segment") is None else environment.links.get(number, number)
    return {
        "id": None if hides else number,
        "feature": {
            "id": feature["id"],
            "name": feature["name"],
            "created_date": None if hides else more.created_date,
            "description": None if hides else more.description,
            "initial_value": None if hides else more.initial_value,
            "default_enabled": None if hides else more.default_enabled,
            "type": feature["type"],
        },
        "feature_state_value": state["feature_state_value"],
        "environment": None if hides else environment.document["id"],
        "identity": None if hides else identity,
        "feature_segment": None if hides else link,
        "enabled": state["enabled"],
    }


def get(backend: Backend, request: Request) -> Answer:
    """All flags, or the one that `?feature=` names."""
    environment = environment_of(backend, request)
    found = [
        shown(environment, state)
        for state in environment.states(is_server_side=is_server_side(request))
        if state["enabled"] or not environment.hides_disabled
    ]
    headers = updated_at(environment)
    if "feature" in request.query:
        return answer(named(found, request.query["feature"]), headers=headers, environment=environment.name)
    return answer(found, headers=headers, environment=environment.name)


def named(flags: list[dict[str, Any]], name: str) -> Mapping[str, Any]:
    """The flag of this name. Raises RefusalError."""
    for flag in flags:
        if flag["feature"]["name"] == name:
            return flag
    raise RefusalError(404, NOT_FOUND)
