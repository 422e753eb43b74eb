"""The segments of a catalogue: groups of users, by conditions, and by groups of conditions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Discriminator, Field, Tag

from flagops.commands.flags.catalogue.base import CatalogueModel, Metadata, member_of

JOINS: Final = ("all", "any", "none")
"""The keys of a group of conditions."""
CONDITION: Final = "function-part[condition]"
GROUP: Final = "function-part[group]"
"""Tags of what may stand in a group, which are no keys of the file: `load` leaves them out of an error's place."""


class Operator(StrEnum):
    """How a condition compares a trait; Flagsmith's own words."""

    EQUAL = "EQUAL"
    NOT_EQUAL = "NOT_EQUAL"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_INCLUSIVE = "GREATER_THAN_INCLUSIVE"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_INCLUSIVE = "LESS_THAN_INCLUSIVE"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    REGEX = "REGEX"
    IN = "IN"
    MODULO = "MODULO"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"
    PERCENTAGE_SPLIT = "PERCENTAGE_SPLIT"


class Condition(CatalogueModel):
    """What is asked of one trait of a user. PERCENTAGE_SPLIT takes a share of all users, or of a trait's values."""

    trait: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="The trait's name; or $.identity.identifier, $.identity.key, $.environment.name. PERCENTAGE_SPLIT "
        "without one takes a share of the users, and with one of its values: all users of a club, or none.",
    )
    operator: Annotated[Operator, member_of(Operator)] = Field(description="How it is compared.")
    value: bool | int | float | str | None = Field(
        default=None,
        description="What it is compared with; for IN several, separated by commas; for PERCENTAGE_SPLIT a percentage.",
    )
    description: str = Field(default="", description="Why it is asked, for people; Flagsmith shows it beside it.")


def _kind(part: object) -> str:
    is_group = isinstance(part, ConditionGroup) or (isinstance(part, Mapping) and any(key in part for key in JOINS))
    return GROUP if is_group else CONDITION


SegmentPart = Annotated[
    Annotated[Condition, Tag(CONDITION)] | Annotated["ConditionGroup", Tag(GROUP)], Discriminator(_kind)
]


class ConditionGroup(CatalogueModel):
    """Conditions within a group of a segment; with several keys all of them have to hold."""

    all: tuple[SegmentPart, ...] = Field(default=(), strict=False, description="All of these hold; of none, it holds.")
    any: tuple[SegmentPart, ...] = Field(default=(), strict=False, description="One of these holds at least.")
    none: tuple[SegmentPart, ...] = Field(default=(), strict=False, description="None of these holds.")


class Segment(CatalogueModel):
    """A group of users, by their traits."""

    description: str = Field(description="Who that is, for people.")
    flag: str | None = Field(default=None, description="The flag that it is for alone; Flagsmith shows it only there.")
    metadata: Metadata = Field(
        default_factory=dict, description="What Flagsmith's custom fields say, by their names; others stay as they are."
    )
    all: tuple[SegmentPart, ...] = Field(
        default=(), strict=False, description="All of these hold: conditions, or groups of all, any and none again."
    )
    any: tuple[SegmentPart, ...] = Field(default=(), strict=False, description="One of these holds at least.")
    none: tuple[SegmentPart, ...] = Field(default=(), strict=False, description="None of these holds.")


ConditionGroup.model_rebuild()
Segment.model_rebuild()
