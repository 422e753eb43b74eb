"""Catalogues that break one condition of Flagsmith's, or are just within it, and what `apply` would send of them."""

from collections.abc import Mapping
from typing import Any

FLAG = "{description: x, owner: x, kind: ops, enabled: true%s}"
HEAD = "project: FootAnalytics\nenvironments: [staging]\n"
OPTIONS = ", variations: [{name: one, value: x, weight: %s}, {name: two, value: %s, weight: %s}]"
WEIGHTS = ", variations: [%s]"


def flag(more: str = "", name: str = "banner") -> str:
    """A catalogue with one flag; a long name needs the long form of a key."""
    return f"{HEAD}flags:\n  ? {name}\n  : {FLAG % more}\n"


def segment(conditions: str, name: str = "some", head: str = HEAD) -> str:
    return f"{head}segments:\n  ? {name}\n  : {{description: x, any: [{conditions}]}}\n"


def condition(value: str, *, trait: str = "t", operator: str = "EQUAL") -> str:
    return f"{{trait: {trait}, operator: {operator}, value: {value}}}"


def rules(*conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rules as `apply` writes them."""
    return [{"type": "ALL", "rules": [{"type": "ANY", "conditions": list(conditions)}], "conditions": []}]


def one(value: str = "v", *, trait: str = "t", operator: str = "EQUAL") -> dict[str, Any]:
    return {"property": trait, "operator": operator, "value": value}


def option(key: str = "two", text: str = "y", share: float = 0) -> dict[str, Any]:
    """A variation as `apply` makes it."""
    return {"type": "unicode", "string_value": text, "key": key, "default_percentage_allocation": share, "feature": 0}


def shares(*weights: float) -> str:
    """A flag whose variations, after the control, have these weights."""
    rest = max(0.0, round(100 - sum(weights), 9))
    items = [f"{{name: v{number}, value: {number}, weight: {share}}}" for number, share in enumerate((rest, *weights))]
    return flag(WEIGHTS % ", ".join(items))


def environment(name: str) -> str:
    return f"project: FootAnalytics\nenvironments:\n  - {name}\n"


def group(name: str) -> str:
    return f"{HEAD}access:\n  groups:\n    ? {name}\n    : {{role: viewer}}\n"
