"""Made-up users, for whom rules are tried: one kind for each set of groups that somebody can be in.

Nobody knows here how many of the real users are in which segment. So users are made whose traits come from the
conditions themselves, sorted by the segments that the engine puts them in, and what changes is counted for each kind.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any, Final

from flagops.serving.audience.rules import IDENTIFIER, SPLIT, Rule, conditions, without_shares
from flagops.serving.audience.values import values
from flagops.serving.engine.context import Context, context_of, evaluate, for_user
from flagops.serving.engine.user import Trait

MOST_TRIED: Final = 1500
"""Combinations of traits that are tried, each 0.1 ms of the engine's."""
MOST_KINDS: Final = 12
SEED: Final = "the same users each time"
PATH: Final = "$."
BEFORE: Final = " as it was"


@dataclass(frozen=True)
class KindOfUsers:
    """Users who are in the same segments.

    Attributes:
        segments: The names of these, without regard to percentages; empty for users who are in none.
        traits: What all of them have.
        varied: Traits of which each has a value of their own, since a percentage is taken by it.
        identifier: Of one who is named by a condition; None for any number of users.
    """

    segments: tuple[str, ...]
    traits: Mapping[str, Trait]
    varied: tuple[str, ...] = ()
    identifier: str | None = None

    def users(self, count: int) -> Iterator[tuple[str, dict[str, Trait]]]:
        """So many of them, the same each time."""
        if self.identifier is not None:
            yield self.identifier, dict(self.traits)
            return
        for number in range(count):
            name = f"user-{number}"
            yield name, {**self.traits, **dict.fromkeys(self.varied, name)}


@dataclass(frozen=True)
class KindsOfUsers:
    """All kinds that were found, and what was not.

    Attributes:
        found: Each kind; the one that is in no segment first.
        missing: Segments in which none of the users that were made is.
        left_out: How many kinds more there are than are looked at.
    """

    found: tuple[KindOfUsers, ...]
    missing: tuple[str, ...] = ()
    left_out: int = 0


def kinds(document: Mapping[str, Any], segments: Iterable[tuple[str, list[Rule]]]) -> KindsOfUsers:
    """The kinds of users that these segments tell apart; the document says which environment they are in.

    A name that comes twice is of a segment whose rules change, first as they will be.
    """
    listed = list(segments)
    groups = _groups(listed)
    shared = {item["property_"] for _, of in listed for item in conditions(of) if item["operator"] == SPLIT}
    candidates = _candidates(groups)
    varied = tuple(sorted(name for name in shared if name and not name.startswith(PATH) and name not in candidates))
    context = context_of(_grouping(document, groups))
    found: dict[tuple[str, ...], KindOfUsers] = {}
    for traits, identifier in _tried(candidates, groups):
        names = _segments(context, traits, identifier)
        known = found.get(names)
        if known is None or (known.identifier is not None and identifier is None):
            found[names] = KindOfUsers(names, traits, varied, identifier)
    ordered = sorted(found.values(), key=lambda kind: (len(kind.segments), kind.segments))
    seen = {name for kind in ordered for name in kind.segments}
    missing = tuple(name for name in groups if name not in seen)
    return KindsOfUsers(tuple(ordered[:MOST_KINDS]), missing, max(len(ordered) - MOST_KINDS, 0))


def _groups(segments: Iterable[tuple[str, list[Rule]]]) -> dict[str, list[Rule]]:
    """Whom the segments are for: of several for the same users the first; those for everybody are left out."""
    found: dict[str, list[Rule]] = {}
    seen: set[str] = set()
    for name, rules in segments:
        asked = without_shares(rules)
        text = json.dumps(asked, sort_keys=True)
        if asked and text not in seen:
            seen.add(text)
            found[f"{name}{BEFORE}" if name in found else name] = asked
    return found


def _candidates(groups: Mapping[str, Iterable[Rule]]) -> dict[str, list[Trait]]:
    found: dict[str, list[Trait]] = {}
    for rules in groups.values():
        for item in conditions(rules):
            name = item["property_"]
            if not name or (name.startswith(PATH) and name != IDENTIFIER):
                continue
            of = found.setdefault(name, [])
            of.extend(value for value in values(item) if not any(_is_same(value, one) for one in of))
    return found


def _is_same(one: Trait, other: Trait) -> bool:
    return type(one) is type(other) and one == other


Tried = tuple[dict[str, Trait], str | None]


def _tried(candidates: Mapping[str, list[Trait]], groups: Mapping[str, Iterable[Rule]]) -> Iterator[Tried]:
    """Combinations of values, not having a trait among them: all, or all of each segment alone and some of the rest."""
    if _size(candidates) <= MOST_TRIED:
        yield from _product(candidates)
        return
    each = MOST_TRIED // (2 * len(groups))
    for rules in groups.values():
        own = {item["property_"] for item in conditions(rules)}
        yield from islice(_product({name: of for name, of in candidates.items() if name in own}), max(each, 50))
    chance = random.Random(SEED)  # noqa: S311 - no secret: the same users each time
    for _ in range(MOST_TRIED // 2):
        yield _parted({name: chance.choice([None, *of]) for name, of in candidates.items()})


def _size(candidates: Mapping[str, list[Trait]]) -> int:
    return prod(len(of) + 1 for of in candidates.values())


def _product(candidates: Mapping[str, list[Trait]]) -> Iterator[Tried]:
    for chosen in product(*([None, *of] for of in candidates.values())):
        yield _parted(dict(zip(candidates, chosen, strict=True)))


def _parted(chosen: Mapping[str, Trait | None]) -> Tried:
    traits = {name: value for name, value in chosen.items() if value is not None and name != IDENTIFIER}
    identifier = chosen.get(IDENTIFIER)
    return traits, None if identifier is None else str(identifier)


def _grouping(document: Mapping[str, Any], groups: Mapping[str, list[Rule]]) -> dict[str, Any]:
    """A document of these groups alone, and no flag."""
    segments = [
        {"id": number, "name": name, "rules": of, "feature_states": []}
        for number, (name, of) in enumerate(groups.items(), 1)
    ]
    return {**document, "feature_states": [], "project": {**document["project"], "segments": segments}}


def _segments(context: Context, traits: Mapping[str, Trait], identifier: str | None) -> tuple[str, ...]:
    result = evaluate(for_user(context, identifier or "user-0", traits))
    return tuple(sorted(found["name"] for found in result["segments"]))
