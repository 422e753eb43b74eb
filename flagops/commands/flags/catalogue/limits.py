"""What a Flagsmith takes, where that is a setting of its own."""

from typing import Annotated

from pydantic import Field

from flagops.commands.flags.catalogue.base import CatalogueModel


class ServerLimits(CatalogueModel):
    """What the Flagsmith that the catalogue is for takes: its own settings, by their names in small letters."""

    feature_value_limit: Annotated[int, Field(ge=0, le=2_000_000)] = Field(
        default=20_000, description="Characters of a flag's value."
    )
    segment_condition_value_limit: Annotated[int, Field(ge=0, lt=2_000_000)] = Field(
        default=1000, description="Characters of what a condition compares with."
    )
    segment_rules_conditions_limit: Annotated[int, Field(ge=0)] = Field(
        default=100, description="Conditions of a segment."
    )
