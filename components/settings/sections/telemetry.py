"""Whether Flagsmith's vendor hears of the stack."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Boolean

TelemetrySetting = Annotated[Boolean, Field(description="Whether Flagsmith reports its use to its vendor.")]
