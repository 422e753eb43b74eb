"""Requests and answers of applications, taken apart and put together again."""

import json
from collections.abc import Callable
from typing import Any

from tests.doubles.proxy.server import Answer, Ask, Fault, Forward

FLAGS, IDENTITIES, DOCUMENT = "/api/v1/flags/", "/api/v1/identities/", "/api/v1/environment-document/"
SDK = (FLAGS, IDENTITIES, DOCUMENT)
Flag = dict[str, Any]
Flags = list[Flag]


def all_flags(change: Callable[[Flags], Flags]) -> Callable[[], Fault]:
    """Every list of flags is changed, for the environment, for users, and in the document."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        answer = forward(ask)
        found = answer.json
        if ask.path == FLAGS and isinstance(found, list):
            return answer.with_json(change(found))
        for path, name in ((IDENTITIES, "flags"), (DOCUMENT, "feature_states")):
            if ask.path == path and isinstance(found, dict):
                return answer.with_json({**found, name: change(found[name])})
        return answer

    return lambda: fault


def each_flag(change: Callable[[Flag], Flag]) -> Callable[[], Fault]:
    """Every flag of every answer is changed."""
    return all_flags(lambda flags: [change(flag) for flag in flags])


def in_identities(change: Callable[[Flag], Flag], method: str = "") -> Callable[[], Fault]:
    """Every flag of users is changed."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        answer = forward(ask)
        found = answer.json
        if ask.path != IDENTITIES or not isinstance(found, dict) or method not in ("", ask.method):
            return answer
        return answer.with_json({**found, "flags": [change(flag) for flag in found["flags"]]})

    return lambda: fault


def documents(change: Callable[[dict[str, Any]], dict[str, Any]], path: str = DOCUMENT) -> Callable[[], Fault]:
    """Every document is changed, or every answer of another route that is an object."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        answer = forward(ask)
        found = answer.json
        return answer.with_json(change(found)) if ask.path == path and isinstance(found, dict) else answer

    return lambda: fault


def on(path: str, change: Callable[[Ask], Ask], then: Callable[[Ask, Answer], Answer]) -> Callable[[], Fault]:
    """Requests of one route are changed, and their answers with what was really asked."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        if ask.path != path or ask.method == "OPTIONS":
            return forward(ask)
        return then(ask, forward(change(ask)))

    return lambda: fault


def asked_user(ask: Ask) -> str:
    """Whose flags are asked for."""
    body = json.loads(ask.body) if ask.body else {}
    return str(body.get("identifier") or ask.query.get("identifier", ""))


def as_user(name: Callable[[], str]) -> Callable[[Ask], Ask]:
    """Asks for another user."""

    def change(ask: Ask) -> Ask:
        if ask.method == "GET":
            return ask.with_query(identifier=name())
        return ask.with_json({**ask.json, "identifier": name()})

    return change


def with_user(ask: Ask, answer: Answer) -> Answer:
    """Says that the answer is the one that was asked for."""
    found = answer.json
    is_users = ask.path == IDENTITIES and isinstance(found, dict)
    return answer.with_json({**found, "identifier": asked_user(ask)}) if is_users else answer


def environments_states(field: str) -> Callable[[], Fault]:
    """Users' flags that are decided by `feature_segment` or by `identity` are the environment's instead."""

    def fault(ask: Ask, forward: Forward) -> Answer:
        answer = forward(ask)
        found = answer.json
        if ask.path != IDENTITIES or not isinstance(found, dict):
            return answer
        plain = forward(Ask("GET", FLAGS, {"x-environment-key": ask.key or "", "accept": "application/json"})).json
        own = {flag["feature"]["name"]: flag for flag in plain}
        flags = [flag if flag[field] is None else own.get(flag["feature"]["name"], flag) for flag in found["flags"]]
        return answer.with_json({**found, "flags": flags})

    return lambda: fault
