"""What must hold of the groups of conditions in a segment: there are some, and the server can keep them."""

from collections.abc import Iterator

from components.text import quoting
from flagops.commands.flags.catalogue.membership import members
from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.segment import JOINS, Condition, ConditionGroup, Segment
from flagops.commands.flags.who import EVERYBODY, NOBODY


def check_groups(key: Key, segment: Segment, catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is wrong with a segment's groups, and with the flag that it is for."""
    if segment.flag is not None and segment.flag not in catalogue.flags:
        yield CatalogueProblem((*key, "flag"), f"{quoting.key(segment.flag)} is no flag of this catalogue")
    empty = list(_empty(key, segment))
    yield from empty
    if empty:
        return
    found = members(segment)
    if found == EVERYBODY and "all" not in segment.model_fields_set:
        text = "has no condition: everybody would be in it. Give `all`, `any` or `none`; `all: []` is everybody"
        yield CatalogueProblem(key, text)
    elif found in (EVERYBODY, NOBODY):
        yield CatalogueProblem(key, f"has {found} in it, whoever the user is", is_warning=True)
    elif not found.is_shallow:
        text = "has groups in groups of groups: Flagsmith keeps groups of conditions, and groups of such groups"
        yield CatalogueProblem(key, f"{text}. Make a segment of its own of a part, or say it with fewer groups")


def check_owner(key: Key, name: str, flag: str, catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """Whether a flag may target a segment: one that is for another flag alone is not shown beside it."""
    segment = catalogue.segments.get(name)
    if segment is not None and segment.flag not in (None, flag):
        text = f"{quoting.key(name)} is for the flag {quoting.key(str(segment.flag))} alone: take its `flag` away"
        yield CatalogueProblem(key, text)


def _empty(key: Key, group: Segment | ConditionGroup) -> Iterator[CatalogueProblem]:
    """Groups in groups that say nothing. An empty `all` is everybody; of an empty `any` people think the opposite of
    what the engine does."""
    if isinstance(group, ConditionGroup):
        for join in ("any", "none"):
            if join in group.model_fields_set and not getattr(group, join):
                yield CatalogueProblem((*key, join), "is empty: give a condition, or leave the key out")
    for join in JOINS:
        for number, part in enumerate(getattr(group, join)):
            if not isinstance(part, Condition):
                yield from _empty((*key, join, number), part)
