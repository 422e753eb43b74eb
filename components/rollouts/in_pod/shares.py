"""The share in the rules of a segment, as Flagsmith's API has them; and digests of what else is there."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SPLIT = "PERCENTAGE_SPLIT"
OF_USERS = (None, "", "$.identity.key")
"""What a split of all users looks at; one with a trait is no rollout's."""
NOBODY = -1.0
"""The percentage that nobody is in. Flagsmith's engine takes in whose number, from 0, is not above it: at 0 that is one
user of ten thousand."""
DIGITS = 12

Rule = Mapping[str, Any]


class RulesError(ValueError):
    """Rules that hold no share, or several; the message says which."""


def share_of(rules: Sequence[Rule]) -> float:
    """The share of a segment in percent. Raises RulesError for rules that are no rollout's."""
    splits = [item for item in _conditions(rules) if _is_split(item)]
    if len(splits) != 1:
        raise RulesError(f"its segment has {len(splits)} shares of users, and not one")
    try:
        found = float(splits[0]["value"])
    except (TypeError, ValueError):
        raise RulesError("the share of its segment is no number") from None
    if not found <= 100:
        raise RulesError(f"the share of its segment is {found:g} %")
    return max(found, 0.0)


def text_of(share: float) -> str:
    """A share as Flagsmith keeps it; of nobody it is less than nothing."""
    kept = share if share > 0 else NOBODY
    return str(int(kept)) if kept == int(kept) else repr(kept)


def with_share(rules: Sequence[Rule], share: float) -> list[dict[str, Any]]:
    """The rules with another share, in the form in which they are sent."""
    return [_rule(rule, text_of(share)) for rule in rules]


def _rule(rule: Rule, share: str) -> dict[str, Any]:
    conditions = [
        {
            "operator": item["operator"],
            "property": item.get("property"),
            "value": share if _is_split(item) else item.get("value"),
            **({"description": item["description"]} if item.get("description") else {}),
        }
        for item in rule.get("conditions", [])
    ]
    return {
        "type": rule["type"],
        "rules": [_rule(inner, share) for inner in rule.get("rules", [])],
        "conditions": conditions,
    }


def conditions(rules: Sequence[Rule]) -> str:
    """A digest of who a share is of: all rules and conditions in whatever order, without the percentage."""
    return digest(sorted(map(_form, rules)))


def _form(rule: Rule) -> str:
    said = [
        [item["operator"], item.get("property") or "", "" if _is_split(item) else str(item.get("value"))]
        for item in rule.get("conditions", [])
    ]
    return json.dumps([rule["type"], sorted(said), sorted(map(_form, rule.get("rules", [])))])


def _is_split(item: Mapping[str, Any]) -> bool:
    return item["operator"] == SPLIT and item.get("property") in OF_USERS


def _conditions(rules: Sequence[Rule]) -> Iterator[Mapping[str, Any]]:
    for rule in rules:
        yield from rule.get("conditions", [])
        yield from _conditions(rule.get("rules", []))


def meaning(value: Any) -> Any:
    """What two values have in common that say the same: of a JSON text its parts, in whatever order and layout."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return ["JSON", json.dumps(json.loads(value), sort_keys=True)]
    except (ValueError, RecursionError):
        return value


def digest(value: Any) -> str:
    """A short name for a value, which does not show it. No value and an empty text are the same."""
    text = json.dumps(None if value == "" else value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
