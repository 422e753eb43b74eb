"""Who is in a segment: conditions joined by ALL, ANY and NONE, in one form for all that mean the same.

Flagsmith's UI makes a rule of its own of each condition, its API takes any rules two deep, and a catalogue says all,
any and none. What is the same to the engine is equal here, whatever its form is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SPLIT = "PERCENTAGE_SPLIT"
WITHOUT_VALUE = frozenset(["IS_SET", "IS_NOT_SET"])
OF_USERS = "$.identity.key"
"""What a split without a trait chooses by: the key of a user."""


@dataclass(frozen=True, order=True)
class SegmentCondition:
    """One condition, as Flagsmith keeps it: its values are texts."""

    operator: str
    trait: str | None
    value: str | None
    description: str = ""

    @property
    def sort_key(self) -> tuple[str, ...]:
        """An order for conditions, which have none of their own."""
        return (self.trait or "", self.operator, self.value or "", self.description)

    @property
    def size(self) -> int:
        """How many conditions it is."""
        return 1

    @property
    def share(self) -> float:
        """The percentage of a split; 0 for what is no number, which holds for nobody."""
        try:
            return float(self.value or 0)
        except ValueError:
            return 0.0

    def __str__(self) -> str:
        said = f" ({self.description})" if self.description else ""
        if self.operator == SPLIT:
            return f"{self.value} %{f' by {self.trait}' if self.trait else ''}{said}"
        value = "''" if self.value == "" else self.value
        return " ".join(filter(None, (self.trait, self.operator, value))) + said


def condition(operator: str, trait: str | None, value: str | None, description: str = "") -> SegmentCondition:
    """A condition in the form in which those that mean the same are equal.

    A split by `$.identity.key` is one without a trait. IS_SET and IS_NOT_SET have no value. For all others the engine
    takes no value for the text None.
    """
    trait = trait or None
    if operator in WITHOUT_VALUE:
        return SegmentCondition(operator, trait, None, description)
    value = "None" if value is None else value
    if operator == SPLIT:
        return SegmentCondition(operator, None if trait == OF_USERS else trait, _share(value), description)
    return SegmentCondition(operator, trait, value, description)


def _share(value: str) -> str:
    """A percentage without zeros behind it; what is no number stays, and holds for nobody."""
    try:
        found = float(value)
        return str(int(found)) if found.is_integer() else repr(found)
    except (ValueError, OverflowError):
        return value


@dataclass(frozen=True)
class Rules:
    """What is joined by `kind` (ALL, ANY or NONE); that of a segment is ALL. Make them with the functions below."""

    kind: str = "ALL"
    parts: frozenset["SegmentCondition | Rules"] = frozenset()

    @property
    def sort_key(self) -> tuple[str, ...]:
        """An order for groups: behind conditions, by what is in them."""
        return ("\U0010ffff", self.kind, *(text for part in ordered(self.parts) for text in part.sort_key))

    @property
    def conditions(self) -> list[SegmentCondition]:
        """The conditions that are no part of a further group, in order."""
        return [part for part in ordered(self.parts) if isinstance(part, SegmentCondition)]

    @property
    def groups(self) -> list["Rules"]:
        """The groups below, in order."""
        return [part for part in ordered(self.parts) if isinstance(part, Rules)]

    @property
    def splits(self) -> list[SegmentCondition]:
        """The splits that each user has to be in."""
        return [item for item in self.conditions if item.operator == SPLIT] if self.kind == "ALL" else []

    @property
    def size(self) -> int:
        """How many conditions they have."""
        return sum(part.size for part in self.parts)

    def all_conditions(self) -> Iterator[SegmentCondition]:
        """All conditions, those of groups too."""
        yield from self.conditions
        for group in self.groups:
            yield from group.all_conditions()

    @property
    def is_shallow(self) -> bool:
        """Whether Flagsmith can keep them, which has groups of conditions, and groups of such groups."""
        return all(not inner.groups for group in self.groups for inner in group.groups)

    def __str__(self) -> str:
        if self in (EVERYBODY, NOBODY):
            return "everybody" if self == EVERYBODY else "nobody"
        said = [self._said(part) for part in ordered(self.parts)]
        if self.kind == "NONE":
            return " and ".join(f"not {text}" for text in said)
        return (" or " if self.kind == "ANY" else " and ").join(said)

    def _said(self, part: "SegmentCondition | Rules") -> str:
        """A part in words: in brackets, where it would be read as something else without them."""
        is_clear = isinstance(part, SegmentCondition) or (
            part.kind == "NONE" and (self.kind == "ALL" or part.size == 1)
        )
        return str(part) if is_clear else f"({part})"

    def as_json(self) -> list[dict[str, Any]]:
        """The rules in the API's form: a list of rules that all have to hold.

        What fits is below one rule, which is what the UI makes; a group of groups is a rule beside it.
        """
        if self == NOBODY:
            return [_outer("NONE", [_inner("ALL", ())])]
        inner = [_inner("ALL", self.conditions)] if self.conditions else []
        outer: list[dict[str, Any]] = []
        for group in self.groups:
            alone = [_inner(group.kind, group.conditions)] if group.conditions else []
            below = [_inner(item.kind, item.conditions) for item in group.groups]
            if not below:
                inner += alone
            elif group.kind == "NONE":
                inner, outer = [*inner, *alone], [*outer, _outer("NONE", below)]
            else:
                outer.append(_outer(group.kind, [*alone, *below]))
        return [_outer("ALL", inner), *outer] if inner or not outer else outer


Part = SegmentCondition | Rules
EVERYBODY = Rules()
NOBODY = Rules("NONE", frozenset([EVERYBODY]))


def ordered(parts: Iterable[Part]) -> list[Part]:
    """Parts in an order that is always the same."""
    return sorted(parts, key=lambda part: part.sort_key)


def rules(part: Part) -> Rules:
    """What a segment has: ALL of one or several parts, or NOBODY."""
    is_whole = isinstance(part, Rules) and (part.kind == "ALL" or part == NOBODY)
    return part if is_whole and isinstance(part, Rules) else Rules("ALL", frozenset([part]))


def all_of(parts: Iterable[Part]) -> Part:
    """What holds when all of these do; EVERYBODY, of none."""
    found: set[Part] = set()
    none: frozenset[Part] = frozenset()
    for part in parts:
        for item in part.parts if isinstance(part, Rules) and part.kind == "ALL" else [part]:
            if item == NOBODY:
                return NOBODY
            if isinstance(item, Rules) and item.kind == "NONE":
                none |= item.parts
            else:
                found.add(item)
    return _single("ALL", found | ({Rules("NONE", none)} if none else set()))


def any_of(parts: Iterable[Part]) -> Part:
    """What holds when one of these does at least; NOBODY, of none."""
    found: set[Part] = set()
    for part in parts:
        if part == EVERYBODY:
            return EVERYBODY
        if isinstance(part, Rules) and part.kind == "ANY":
            found |= part.parts
        elif part != NOBODY:
            found.add(part)
    return _single("ANY", found) if found else NOBODY


def none_of(parts: Iterable[Part]) -> Part:
    """What holds when none of these does; EVERYBODY, of none."""
    plain: set[Part] = set()
    others: list[Part] = []
    for part in parts:
        if part == EVERYBODY:
            return NOBODY
        if isinstance(part, SegmentCondition) or part.kind == "ALL":
            plain.add(part)
        elif part.kind == "ANY":
            others.append(none_of(part.parts))
        elif part != NOBODY:
            others.append(any_of(part.parts))
    return all_of([*([Rules("NONE", frozenset(plain))] if plain else []), *others])


JOINED = {"ALL": all_of, "ANY": any_of, "NONE": none_of}


def _single(kind: str, parts: set[Part]) -> Part:
    return next(iter(parts)) if len(parts) == 1 else Rules(kind, frozenset(parts))


def _outer(kind: str, below: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": kind, "rules": below, "conditions": []}


def _inner(kind: str, conditions: Iterable[SegmentCondition]) -> dict[str, Any]:
    return {"type": kind, "conditions": [_as_json(item) for item in conditions]}


def _as_json(item: SegmentCondition) -> dict[str, str | None]:
    # The API makes the text "None" of a value that is null, and null of one that is not there.
    found = {} if item.value is None else {"value": item.value}
    said = {"description": item.description} if item.description else {}
    return {"property": item.trait, "operator": item.operator, **found, **said}
