"""Evaluates flags by OFREP 0.3, in the mapping that Flagsmith published for an endpoint of its own.

`X-API-Key` (or a bearer token) is the environment's key, `targetingKey` the identifier, what else is in the context are
traits. The value is the variation's, the flag's, or whether it is on; `variant` is the variation's key. A flag that is
off and has a value says DISABLED and leaves the value out, so that the default in the code counts.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from components.text import quoting
from flagops.serving.http.body import body_of
from flagops.serving.http.message import Answer, RefusalError, Request, answer, encoded
from flagops.serving.model.backend import LONGEST_IDENTIFIER, Backend
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.ofrep.values import DISABLED, flat, reason
from flagops.serving.sdk.evaluated import Evaluated, evaluated, plain_states
from flagops.serving.sdk.keys import SERVER_SIDE
from flagops.serving.sdk.traits import LONGEST_VALUE, MOST, Given, counting

PATH: Final = "/ofrep/v1/evaluate/flags"
TARGETING_KEY: Final = "targetingKey"
_BEARER: Final = "bearer "


def evaluate(backend: Backend, request: Request) -> Answer:
    """All flags, or the one that the path names; nothing of the user is kept."""
    name = request.path.removeprefix(PATH).strip("/")
    try:
        environment, is_server_side = environment_of(backend, request)
        identity, flags = _flags(backend, environment, request, is_server_side=is_server_side)
    except RefusalError as refusal:
        return answer(_error(name, refusal), refusal.status)
    about: dict[str, Any] = {"environment": environment.name, "identity": identity}
    if not name:
        found = {
            "flags": [_success(flag) for flag in flags],
            "metadata": {"version": environment.document["updated_at"]},
        }
        return _with_tag(request, found, about)
    for flag in flags:
        if flag.name == name:
            return answer(_success(flag), **about)
    missing = {"key": name, "errorCode": "FLAG_NOT_FOUND", "errorDetails": f"{environment.name} has no such flag."}
    return answer(missing, 404, **about)


def key_of(request: Request) -> str:
    """The key of a request, however it says it."""
    bearer = request.headers.get("authorization", "")
    token = bearer[len(_BEARER) :].strip() if bearer.lower().startswith(_BEARER) else ""
    return request.headers.get("x-api-key", token)


def environment_of(backend: Backend, request: Request) -> tuple[ServedEnvironment, bool]:
    """The environment of the key, and whether that is a server-side one. Raises RefusalError."""
    key = key_of(request)
    found = backend.environment(key) if key else None
    if found is None:
        raise RefusalError(401, "X-API-Key, or a bearer token, must be the key of an environment.")
    return found, key.startswith(SERVER_SIDE)


def _flags(
    backend: Backend, environment: ServedEnvironment, request: Request, *, is_server_side: bool
) -> tuple[str | None, list[Evaluated]]:
    context = _context(request)
    identifier = context.get(TARGETING_KEY)
    if identifier is not None and not isinstance(identifier, str):
        raise RefusalError(400, f"{TARGETING_KEY} must be a text.")
    if identifier and len(identifier) > LONGEST_IDENTIFIER:
        raise RefusalError(
            400, f"{TARGETING_KEY} has {len(identifier)} characters; Flagsmith takes {LONGEST_IDENTIFIER}."
        )
    if len(context) > MOST:
        raise RefusalError(400, f"The context has {len(context)} attributes, of which {MOST} are read at most.")
    given = [
        Given(name, _trait(name, value), is_transient=True) for name, value in context.items() if name != TARGETING_KEY
    ]
    if not identifier and not given:
        return None, plain_states(environment, is_server_side=is_server_side)
    kept = backend.identities.find(environment, identifier) if identifier else None
    traits = {trait.name: trait.value for trait in counting(kept, given)}
    found = evaluated(environment, identifier or "", traits, is_server_side=is_server_side, is_known=bool(identifier))
    return identifier or None, found


def _context(request: Request) -> Mapping[str, Any]:
    try:
        body = body_of(request)
    except RefusalError as refusal:
        raise RefusalError(refusal.status, refusal.content["detail"]) from None
    context = body.get("context", {}) if isinstance(body, dict) else None
    if not isinstance(context, dict):
        raise RefusalError(400, 'The body must be {"context": {…}}.')
    return context


def _trait(name: str, value: Any) -> Any:
    """An attribute as a trait. Raises RefusalError for one that is longer than texts that are asked about."""
    found = value if value is None or isinstance(value, bool | int | float | str) else json.dumps(value)
    if isinstance(found, str) and len(found) > LONGEST_VALUE:
        said = f"{quoting.value(name)} has {len(found)} characters; Flagsmith takes {LONGEST_VALUE}."
        raise RefusalError(400, said)
    return found


def _success(flag: Evaluated) -> dict[str, Any]:
    why = reason(flag)
    is_left_out = why == DISABLED
    # Without a variant OpenFeature's provider for Python (0.3.0) fails, so it is there also when there is none.
    return {
        "key": flag.name,
        **({} if is_left_out else {"value": flat(flag.enabled, flag.value)}),
        "reason": why,
        "variant": None if is_left_out else flag.variant,
        "metadata": {"enabled": flag.enabled},
    }


def _error(name: str, refusal: RefusalError) -> dict[str, Any]:
    said = str(refusal.content)
    code = "PARSE_ERROR" if said.startswith("JSON parse error") else "INVALID_CONTEXT"
    parts = {"key": name} if name else {}
    return {**parts, **({"errorCode": code} if refusal.status == 400 else {}), "errorDetails": said}


def _with_tag(request: Request, found: dict[str, Any], about: dict[str, Any]) -> Answer:
    """The answer, or 304 for one who has the same already; the tag is made of the answer itself."""
    tag = f'"{hashlib.sha256(encoded(found)).hexdigest()[:32]}"'
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Answer(304, kind="", headers={"ETag": tag}, **about)
    return answer(found, headers={"ETag": tag}, **about)
