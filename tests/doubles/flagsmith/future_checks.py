"""What the serializers of the experimental endpoint refuse, in their words."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.doubles.flagsmith.answers import database
from tests.doubles.flagsmith.database import Row

TYPES = {"string": "unicode", "integer": "int", "boolean": "bool"}
Errors = dict[str, Any]


def refused(feature: Row, given: Row, *, is_whole: bool) -> Iterator[tuple[str, Any]]:
    """What the serializers refuse, in their words."""
    if "environment_default" in given:
        found = _state_errors(feature, given["environment_default"])
        is_short = is_whole and feature["type"] == "MULTIVARIATE" and "variants" not in given["environment_default"]
        if not found and is_short:
            found = {"variants": ["Must include all feature's variants."]}
        if found:
            yield "environment_default", found
    overrides = given.get("segment_overrides", [])
    errors = [_override_errors(feature, item) for item in overrides]
    if any(errors):
        yield "segment_overrides", errors
        return
    seen: set[int] = set()
    for item in overrides:
        if item["segment"]["id"] in seen:
            yield "segment_overrides", [f"Duplicate segment: {item['segment']['id']}."]
            return
        seen.add(item["segment"]["id"])


def _override_errors(feature: Row, given: Row) -> Errors:
    found = _state_errors(feature, given)
    if "segment" not in given:
        found["segment"] = ["This field is required."]
    elif not database().rows("segments", id=given["segment"]["id"], project=feature["project"]):
        found["segment"] = {"id": ["Segment not found."]}
    if given.get("priority", 0) < 0:
        found["priority"] = ["Ensure this value is greater than or equal to 0."]
    return found


def _state_errors(feature: Row, given: Row) -> Errors:
    checks: dict[str, Callable[[Any], Any]] = {
        "value": _value_errors,
        "variants": lambda found: _variant_errors(feature, found),
    }
    found = {name: check(given[name]) for name, check in checks.items() if name in given}
    return {name: errors for name, errors in found.items() if errors}


def _value_errors(given: Row) -> Any:
    kind, text = given.get("type"), given.get("value")
    if kind not in TYPES:
        return {"type": [f'"{kind}" is not a valid choice.']}
    if text is None:
        return {"value": ["This field may not be null."]}
    if kind == "integer" and not text.strip().removeprefix("-").isdigit():
        return [f"'{text}' is not a valid integer"]
    if kind == "boolean" and text.strip().lower() not in ("true", "false"):
        return [f"'{text}' is not a valid boolean (use 'true' or 'false')"]
    return None


def _variant_errors(feature: Row, given: list[Row]) -> Any:
    most = {"weight": ["Ensure this value is less than or equal to 100."]}
    least = {"weight": ["Ensure this value is greater than or equal to 0."]}
    errors = [most if item["weight"] > 100 else least if item["weight"] < 0 else {} for item in given]
    if any(errors):
        return errors
    if feature["type"] != "MULTIVARIATE":
        return ["Feature is not multivariate."]
    known = {row["id"] for row in database().rows("options", feature=feature["id"])}
    named = {item["id"] for item in given}
    if named - known:
        return ["Variant not found."]
    if known - named:
        return ["Must include all feature's variants."]
    return ["Total weight must not exceed 100."] if sum(item["weight"] for item in given) > 100 else None
