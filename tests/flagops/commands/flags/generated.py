"""Catalogues of any kind, and users of any kind, for hypothesis to draw.

Strategies are put together by calls, not by decorators: hypothesis has none that a type checker without it can follow.
"""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import strategies as some

from flagops.commands.flags.catalogue.membership import members
from flagops.commands.flags.catalogue.segment import Segment
from flagops.commands.flags.transfer.export_parts import percent
from flagops.commands.flags.who import EVERYBODY, NOBODY, SPLIT
from flagops.serving.engine.user import Trait, User

ENVIRONMENTS = ("staging", "production")
SEGMENTS = ("one", "two", "three")
OF_STEPS = "four"
"""The segment of steps: of a segment that has a share nobody says anything else."""
FLAGS = ("first", "second", "third")
TRAITS = ("plan", "age", "ville", "שם", "$.identity.identifier", "$.environment.name", "$.identity.key")
USERS = 200
Row = dict[str, Any]

# What PostgreSQL keeps: no half of a surrogate, and not the character 0.
TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
WORDS = some.sampled_from(["", "premium", "IL", "true", "none", "7", "2.5", "1.10.0", "é", "🙂", "production", "a,b"])
VALUES = some.one_of(WORDS, WORDS, TEXTS)
NUMBERS = some.integers(-1000, 1000)


def _condition(operator: str, value: Any) -> Any:
    """Conditions with one operator, on any trait."""
    given = {"trait": some.sampled_from(TRAITS), "operator": some.just(operator), "value": value}
    return some.fixed_dictionaries(given, optional={"description": WORDS})


COMPARING = ("EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE")
COMPARED = some.one_of(VALUES, NUMBERS, some.booleans(), some.sampled_from(["1.2.3:semver", "1.10.0:semver"]))
SHARES = some.integers(0, 1000).map(lambda tenths: percent(tenths / 10))
CONDITIONS = some.one_of(
    *(_condition(operator, COMPARED) for operator in COMPARING),
    *(_condition(operator, VALUES) for operator in ("CONTAINS", "NOT_CONTAINS")),
    _condition(
        "IN", some.lists(WORDS.filter(lambda word: word and "," not in word), min_size=1, max_size=3).map(",".join)
    ),
    _condition("REGEX", some.sampled_from(["[a-z]+", "^p", "\\d+$", ".*é"])),
    _condition("MODULO", some.sampled_from(["2|0", "7|3", "2.5|0.5"])),
    _condition("PERCENTAGE_SPLIT", SHARES),
    some.fixed_dictionaries({"operator": some.just("PERCENTAGE_SPLIT"), "value": SHARES}),
    *(
        some.fixed_dictionaries({"trait": some.sampled_from(TRAITS), "operator": some.just(operator)})
        for operator in ("IS_SET", "IS_NOT_SET")
    ),
)


def _groups(part: Any) -> Any:
    """Groups of such parts."""
    of = some.lists(part, min_size=1, max_size=3)
    return some.sampled_from(["all", "any", "none"]).flatmap(lambda join: some.fixed_dictionaries({join: of}))


def _is_kept(segment: Row) -> bool:
    found = members(Segment.model_validate(segment))
    return found.is_shallow and found not in (EVERYBODY, NOBODY)


def _is_without_share(segment: Row) -> bool:
    conditions = members(Segment.model_validate(segment)).all_conditions()
    return not any(item.operator == SPLIT and item.trait is None for item in conditions)


PARTS = some.one_of(CONDITIONS, CONDITIONS, _groups(CONDITIONS), _groups(some.one_of(CONDITIONS, _groups(CONDITIONS))))
SEGMENT = some.fixed_dictionaries(
    {"description": some.just("Some.")},
    optional={join: some.lists(PARTS, max_size=3) for join in ("all", "any", "none")},
).filter(_is_kept)
JSON = some.dictionaries(WORDS, some.one_of(WORDS, NUMBERS, some.booleans(), some.lists(WORDS, max_size=2)), max_size=3)
PLAIN = some.one_of(some.none(), some.booleans(), some.integers(-(2**31), 2**31 - 1), VALUES, JSON)
TARGETS = some.lists(some.sampled_from(SEGMENTS), unique=True, max_size=3)


def _target(segment: str, weights: Any) -> Any:
    more = {"weights": weights} if weights is not None else {"value": PLAIN}
    return some.fixed_dictionaries({"segment": some.just(segment), "enabled": some.booleans()}, optional=more)


def _targeting(weights: Any) -> Any:
    return TARGETS.flatmap(lambda names: some.tuples(*(_target(name, weights) for name in names)).map(list))


def _weights(names: list[str]) -> Any:
    """Whole percentages of variations, 100 together."""
    cuts = some.lists(some.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1).map(sorted)
    return cuts.map(lambda at: dict(zip(names, (b - a for a, b in pairwise([0, *at, 100])), strict=True)))


GUARDS: Row = {
    "errors": {"query": 'rate(failed{flag="$flag",at="$environment"}[$window])', "at_most": 0.01, "for": "90s"},
    "arms": {
        "compare": {"events": "a", "total": "b", "label": "l"},
        "at_most": 2,
        "samples": {"least": 5},
        "broken": "off",
    },
}


def _guarded(shares: list[int]) -> Any:
    """Steps to these shares and to everybody, and their guards: none compares two arms where the first is everybody."""
    steps = [*({"to": share, "for": "90m"} for share in shares), {"to": 100}]
    names = ["platform-errors", *(name for name, guard in GUARDS.items() if shares or "compare" not in guard)]
    guards = some.lists(some.sampled_from(names), unique=True)
    return some.fixed_dictionaries({"steps": some.just(steps)}, optional={"guards": guards})


def _steps(is_on: bool) -> Any:
    """Steps that switch a flag the other way, or give another value, for everybody or for a segment."""
    shares = some.lists(some.integers(1, 99), unique=True, max_size=2).map(sorted)
    to = some.one_of(
        some.just({"enabled": not is_on}),
        some.fixed_dictionaries(
            {"value": PLAIN.filter(lambda value: value is not None)}, optional={"enabled": some.booleans()}
        ),
    )
    more: Row = {
        "start": some.sampled_from(["2026-12-01 09:00 Asia/Jerusalem", "2099-01-01T00:00:30Z"]),
        "segment": some.just(OF_STEPS),
        "only": some.sampled_from(
            ["Mon-Thu 09:00-16:00 Asia/Jerusalem", ["Mon 22:00-04:00 UTC", "Fri 10:00-11:00 UTC"]]
        ),
        "freeze": some.just(["2099-12-20..2100-01-03", "2099-05-01 Europe/Berlin"]),
    }
    drawn = some.tuples(shares.flatmap(_guarded), to, some.fixed_dictionaries({}, optional=more))
    return drawn.map(lambda parts: {**parts[0], **parts[1], **parts[2]})


def _flag(is_plain: bool, is_on: bool) -> Any:
    names = ["control", "b", "c"]
    weights = None if is_plain else _weights(names)
    state: Row = {} if weights is None else {"weights": weights}
    if is_plain:
        state["value"] = PLAIN.filter(lambda value: value is not None)
    shares = [some.integers(1, 100)] if not is_on else []
    if is_plain:
        shares.append(_steps(is_on))
    if shares:
        state["rollout"] = some.one_of(*shares)
    if is_on:
        state["targeting"] = _targeting(weights)
    fixed: Row = {name: some.just("x") for name in ("description", "owner")}
    fixed |= {"kind": some.just("ops"), "enabled": some.just(is_on), "targeting": _targeting(weights)}
    if weights is not None:
        varied = some.tuples(weights, *(PLAIN.filter(lambda value: value is not None) for _ in names))
        fixed["variations"] = varied.map(
            lambda drawn: [
                {"name": name, "value": value, "weight": drawn[0][name]}
                for name, value in zip(names, drawn[1:], strict=True)
            ]
        )
    optional: Row = {"server_side_only": some.booleans()}
    if is_plain:
        optional["value"] = PLAIN.filter(lambda value: value is not None)
    if shares:
        optional["rollout"] = some.one_of(*shares)
    optional["environments"] = some.dictionaries(
        some.sampled_from(ENVIRONMENTS), some.fixed_dictionaries({}, optional=state), max_size=2
    )
    return some.fixed_dictionaries(fixed, optional=optional)


FLAG = some.one_of(*(_flag(is_plain, is_on) for is_plain in (True, False) for is_on in (True, False)))
CATALOGUE = some.fixed_dictionaries(
    {
        "project": some.just("FootAnalytics"),
        "environments": some.just(list(ENVIRONMENTS)),
        "segments": some.fixed_dictionaries(
            {**dict.fromkeys(SEGMENTS, SEGMENT), OF_STEPS: SEGMENT.filter(_is_without_share)}
        ),
        "guards": some.just(GUARDS),
        "flags": some.fixed_dictionaries(dict.fromkeys(FLAGS, FLAG)),
    }
)
KNOWN_VALUES = ("premium", "IL", "true", "7", "2.5", "1.10.0", "1.2.3", "é", "🙂", "None", "", "p1", "xyz 42", "a")


def people(seed: int) -> list[User]:
    """200 users: half of the traits of each are not set, and the values are of every type."""
    drawn = random.Random(seed)  # noqa: S311 - no secret
    return [User(f"u{number}-{drawn.getrandbits(32):x}é", dict(_traits(drawn))) for number in range(USERS)]


def _traits(drawn: random.Random) -> Iterator[tuple[str, Trait]]:
    for name in TRAITS[:4]:
        kinds: list[Trait] = [drawn.choice(KNOWN_VALUES), drawn.randint(-20, 20), drawn.random() < 0.5]
        kinds.append(drawn.randint(-100, 100) / 4)
        if drawn.random() < 0.5:
            yield name, drawn.choice(kinds)
