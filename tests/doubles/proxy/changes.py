"""Small changes of answers, flags and documents, of which faults are made."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.doubles.proxy.server import Answer, Ask


def html(answer: Answer) -> Answer:
    page = b"<!DOCTYPE html><html><head><title>Flagsmith</title></head></html>"
    return replace(answer, status=200, body=page).having(content_type="text/html")


def garbage(answer: Answer) -> Answer:
    return replace(answer, body=b"\x00no gzip at all").having(content_encoding="gzip")


def moved(answer: Answer) -> Answer:
    return replace(answer, status=301, body=b"").having(location="http://flags.example.com/")


def opened(status: int, body: object) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, status=status).with_json(body)


def to_text(flag: dict[str, Any]) -> dict[str, Any]:
    value = flag["feature_state_value"]
    return {**flag, "feature_state_value": None if value is None else str(value)}


def inverted(flag: dict[str, Any]) -> dict[str, Any]:
    return {**flag, "enabled": not flag["enabled"]}


def one_variant(flag: dict[str, Any]) -> dict[str, Any]:
    is_split = flag["feature"]["type"] == "MULTIVARIATE" and flag.get("feature_segment") is None
    return {**flag, "feature_state_value": "control"} if is_split else flag


def with_first_doubled(flags: list[Any]) -> list[Any]:
    return [*flags, *flags[:1]]


def without_traits(ask: Ask) -> Ask:
    body = ask.json
    return ask.with_json({**body, "traits": []}) if isinstance(body, dict) and "traits" in body else ask


def traits_echoed(ask: Ask, answer: Answer) -> Answer:
    found, sent = answer.json, (ask.json or {}).get("traits")
    return answer.with_json({**found, "traits": sent}) if found and sent else answer


def strings_in_traits(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "traits": [{**item, "trait_value": str(item["trait_value"])} for item in found["traits"]]}


def project(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, "project": {**found["project"], **values}}


def without_value(flag: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flag.items() if name != "feature_state_value"}


def states_inverted(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "feature_states": [inverted(state) for state in found["feature_states"]]}


TOO_SHORT = {"password": ["This password is too short. It must contain at least 8 characters."]}
DONE = {"id": 9, "email": "ff-smoke@example.com", "is_active": True}
