"""What the page does: sets flags and takes that back, and asks what a user gets and why."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from components.text import quoting
from flagops.errors import BadInputError, NotFoundError, OpsError
from flagops.serving.engine.explain import explain
from flagops.serving.engine.user import User, user
from flagops.serving.http.body import mapping_of
from flagops.serving.http.message import Answer, RefusalError, Request, answer
from flagops.serving.model.backend import LONGEST_IDENTIFIER
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.model.overrides import Override
from flagops.serving.page import view
from flagops.serving.sdk.evaluated import Evaluated, evaluated, plain_states
from flagops.serving.sdk.traits import MOST
from flagops.serving.server.state import ServedState

Action = Callable[[ServedState, Mapping[str, Any]], Any]


def act(state: ServedState, request: Request, name: str) -> Answer:
    """Do what is asked for; what is wrong with it is said as `detail`."""
    action = ACTIONS.get(name)
    if action is None:
        return answer({"detail": "Not found."}, 404)
    if request.method != "POST":
        return answer({"detail": f'Method "{request.method}" not allowed.'}, 405)
    try:
        return answer(action(state, mapping_of(request)))
    except RefusalError as refusal:
        return refusal.answer
    except OpsError as error:
        return answer({"detail": error.message}, 400)


def _set(state: ServedState, given: Mapping[str, Any]) -> Any:
    """Override a flag: `enabled`, and `value` where that is set as well."""
    made = _place(given)
    enabled = given.get("enabled")
    if not isinstance(enabled, bool):
        raise BadInputError("enabled must be true or false.")
    made = replace(made, enabled=enabled)
    if "value" in given:
        value = given["value"]
        if value is not None and not isinstance(value, bool | int | str):
            raise BadInputError("value must be true, false, a whole number, a text or null.")
        made = replace(made, value=value, keeps_value=False)
    state.set(made)
    return view.flags(state)


def _unset(state: ServedState, given: Mapping[str, Any]) -> Any:
    """Take back what is set for a flag in an environment: for all, or for the one user that is named."""
    made = _place(given)
    state.unset([made.place, replace(made, environment=None).place])
    return view.flags(state)


def _place(given: Mapping[str, Any]) -> Override:
    flag, environment, identity = (given.get(name) for name in ("flag", "environment", "identity"))
    if not isinstance(flag, str) or not isinstance(environment, str):
        raise BadInputError("flag and environment must be texts.")
    if identity is not None and (not isinstance(identity, str) or not identity):
        raise BadInputError("identity must be a text that is not empty, or null.")
    for what, text in (("flag", flag), ("environment", environment), ("identity", identity or "")):
        _check_length(what, text)
    return Override(flag, enabled=False, environment=environment, identity=identity)


def _who(state: ServedState, given: Mapping[str, Any]) -> Any:
    """All flags of a user with traits, those that are kept of the user among them."""
    environment, who, kept = _asked(state, given)
    if who.identifier is None:
        found = plain_states(environment, is_server_side=True)
    else:
        found = evaluated(environment, who.identifier, who.traits, is_server_side=True)
    return {"flags": [_row(flag) for flag in found], "kept": kept}


def _row(flag: Evaluated) -> dict[str, Any]:
    return {
        "name": flag.name,
        "enabled": flag.enabled,
        "value": flag.value,
        "variant": flag.variant,
        "reason": flag.reason,
    }


def _why(state: ServedState, given: Mapping[str, Any]) -> Any:
    """Each rule of one flag in the order in which it counts, and the one that decided."""
    environment, who, _ = _asked(state, given)
    names = {
        share["multivariate_feature_option"]["id"]: str(share["multivariate_feature_option"].get("key") or "")
        for own in environment.states(is_server_side=True)
        for share in own["multivariate_feature_state_values"]
    }
    flag = str(given.get("flag"))
    _check_length("flag", flag)
    trace = explain(environment.document, flag, who, names)
    return {**asdict(trace), "chosen": trace.split.chosen.name if trace.split else None}


def _asked(state: ServedState, given: Mapping[str, Any]) -> tuple[ServedEnvironment, User, Mapping[str, Any]]:
    name, traits = given.get("environment"), given.get("traits", [])
    _check_length("environment", str(name))
    environment = state.environments.get(str(name))
    if environment is None:
        known = ", ".join(state.environments)
        raise NotFoundError(f"There is no environment {quoting.value(name)}; there are: {known}.")
    if not isinstance(traits, list) or not all(isinstance(item, str) for item in traits):
        raise BadInputError("traits must be a list of texts, NAME=VALUE.")
    if len(traits) > MOST:
        raise BadInputError(f"There are {len(traits)} traits, of which {MOST} are read at most.")
    for text in traits:
        _check_length("a trait", text, 2 * LONGEST_IDENTIFIER)
    identifier = str(given.get("identity") or "")
    _check_length("identity", identifier)
    who = user(identifier or None, traits)
    stored = state.identities.find(environment, who.identifier) if who.identifier else None
    kept = {key: trait.value for key, trait in stored.traits.items()} if stored else {}
    return environment, User(who.identifier, {**kept, **who.traits}), kept


def _check_length(what: str, text: str, most: int = LONGEST_IDENTIFIER) -> None:
    """Raises OpsError for a text that is longer than any of its kind in Flagsmith."""
    if len(text) > most:
        raise BadInputError(f"{what} has {len(text)} characters, of which {most} can be.")


ACTIONS: Final[Mapping[str, Action]] = {
    "set": _set,
    "unset": _unset,
    "who": _who,
    "why": _why,
}
