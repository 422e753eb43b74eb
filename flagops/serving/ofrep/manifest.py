"""The manifest of an environment's flags, from which `openfeature pull` and `generate` make typed clients.

Its form is that of the OpenFeature CLI's manifest API (api/v0/sync.yaml of release 0.4.1): a list of flags. The file
that `pull` makes of it, and `ff flags codegen --openfeature` writes, has another one: a mapping by key.
"""

from typing import Any, Final

from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.model.backend import Backend
from flagops.serving.model.environment import UNKNOWN, ServedEnvironment
from flagops.serving.ofrep.evaluate import environment_of, key_of
from flagops.serving.ofrep.values import flat

PATH: Final = "/openfeature/v0/manifest"
CAPABILITIES: Final = {"X-Manifest-Capabilities": "read"}
"""What a key allows: nothing is written by this API."""


def get(backend: Backend, request: Request, first: ServedEnvironment) -> Answer:
    """The flags of the environment whose key is given, or of the `first` one, with their types and defaults."""
    environment, is_server_side = first, False
    try:
        if key_of(request):
            environment, is_server_side = environment_of(backend, request)
    except RefusalError as refusal:
        return answer({"error": {"message": refusal.content, "status": refusal.status}}, refusal.status)
    flags = [_entry(environment, state) for state in environment.states(is_server_side=is_server_side)]
    return answer({"flags": flags}, headers=CAPABILITIES, environment=environment.name)


def _entry(environment: ServedEnvironment, state: Any) -> dict[str, Any]:
    default = flat(state["enabled"], state["feature_state_value"])
    about = environment.features.get(state["feature"]["id"], UNKNOWN)
    return {
        "key": state["feature"]["name"],
        "type": _type(default),
        "defaultValue": default,
        "description": about.description or "",
    }


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) else "object"
