"""The rules of a segment without its shares: whom it is for, before a percentage is taken of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

SPLIT: Final = "PERCENTAGE_SPLIT"
IDENTIFIER: Final = "$.identity.identifier"
Rule = Mapping[str, Any]


def conditions(rules: Iterable[Rule]) -> Iterator[Rule]:
    """All conditions, however deep."""
    for rule in rules:
        yield from rule.get("conditions") or ()
        yield from conditions(rule.get("rules") or ())


def takes_a_share(rules: Iterable[Rule]) -> bool:
    """Whether a percentage is taken anywhere in it."""
    return any(item["operator"] == SPLIT for item in conditions(rules))


def without_shares(rules: Iterable[Rule]) -> list[Rule]:
    """The rules with each percentage as if it were of everybody; no rules where nothing else is asked.

    What is joined by "or", or by "none", with a percentage can hold for anybody, so it goes as a whole.
    """
    return [made for rule in rules if (made := _without(rule)) is not None]


def _without(rule: Rule) -> Rule | None:
    if rule["type"] != "ALL":
        return None if takes_a_share([rule]) else rule
    own = [item for item in rule.get("conditions") or () if item["operator"] != SPLIT]
    below = without_shares(rule.get("rules") or ())
    return {**rule, "conditions": own, "rules": below} if own or below else None
