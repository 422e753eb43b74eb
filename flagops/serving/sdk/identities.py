"""`/identities/`: the flags of a user, with traits that are kept or not."""

import hashlib
import uuid
from collections.abc import Iterable
from typing import Any

from flagops.serving.http.body import mapping_of
from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.model.backend import LONGEST_IDENTIFIER, Backend, Kept
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.sdk.evaluated import Evaluated, evaluated
from flagops.serving.sdk.flags import named, shown
from flagops.serving.sdk.keys import environment_of, is_server_side, updated_at
from flagops.serving.sdk.traits import Given, Trait, counting, given, put


def get(backend: Backend, request: Request) -> Answer:
    """The flags of `?identifier=`, who is kept from then on, unless `?transient=` is there."""
    environment = environment_of(backend, request)
    identifier = request.query.get("identifier", "")
    if not identifier:
        return answer({"detail": "Missing identifier"})
    _check_length(identifier)
    is_transient = bool(request.query.get("transient"))
    if is_transient:
        traits = []
    else:
        kept = backend.identities.find(environment, identifier) or Kept(identifier)
        backend.identities.save(environment, kept)
        traits = counting(kept, ())
    flags = _flags(environment, request, identifier, traits, is_known=not is_transient)
    if request.query.get("feature"):
        return answer(
            named(flags, request.query["feature"]), headers=updated_at(environment), environment=environment.name
        )
    return _answer(environment, identifier, traits, flags)


def post(backend: Backend, request: Request) -> Answer:
    """The flags of a user who has these traits from then on, beside those that are kept."""
    environment, body = environment_of(backend, request), mapping_of(request)
    identifier = body.get("identifier")
    if identifier is not None and not isinstance(identifier, str | int | float):
        raise RefusalError(400, {"identifier": ["Not a valid string."]})
    name = "" if identifier is None else str(identifier)
    _check_length(name)
    new = given(body.get("traits"))
    if not is_server_side(request) and not environment.document.get("allow_client_traits", True):
        new = []
    if not name:
        traits = counting(None, (item for item in new if item.value is not None), all_transient=True)
        name = _anonymous(new)
        flags = _flags(environment, request, name, traits, is_known=False)
        return _answer(environment, name, traits, flags)
    kept = backend.identities.find(environment, name)
    if body.get("transient"):
        traits = counting(kept, new, all_transient=True)
    else:
        kept = kept or Kept(name)
        put(kept, new)
        backend.identities.save(environment, kept)
        traits = counting(kept, new)
    return _answer(environment, name, traits, _flags(environment, request, name, traits))


def _check_length(identifier: str) -> None:
    if len(identifier) > LONGEST_IDENTIFIER:
        raise RefusalError(
            400, {"identifier": [f"Ensure this field has no more than {LONGEST_IDENTIFIER} characters."]}
        )


def _flags(
    environment: ServedEnvironment, request: Request, identifier: str, traits: Iterable[Trait], *, is_known: bool = True
) -> list[dict[str, Any]]:
    values = {trait.name: trait.value for trait in traits}
    found = evaluated(environment, identifier, values, is_server_side=is_server_side(request), is_known=is_known)
    return [_row(environment, flag) for flag in found]


def _row(environment: ServedEnvironment, flag: Evaluated) -> dict[str, Any]:
    row = shown(environment, flag.state, flag.identity)
    return {**row, "feature_state_value": flag.value, "enabled": flag.enabled, "variant": flag.variant}


def _answer(
    environment: ServedEnvironment, identifier: str, traits: list[Trait], flags: list[dict[str, Any]]
) -> Answer:
    rows = [] if environment.hides_sensitive else [trait.row for trait in traits]
    body = {"identifier": identifier, "traits": rows, "flags": flags}
    return answer(body, headers=updated_at(environment), environment=environment.name, identity=identifier)


def _anonymous(traits: list[Given]) -> str:
    """A name for somebody without one: the same traits have the same name."""
    told = [item for item in sorted(traits, key=lambda item: item.name) if item.value is not None]
    if not traits:
        return uuid.uuid4().hex
    return hashlib.sha256("".join(f"{item.name}{item.value}" for item in told).encode()).hexdigest()
