"""Whether people's work depends on the stack."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Boolean

ProductionSetting = Annotated[
    Boolean,
    Field(
        description="Whether people's work depends on this stack. If so, much that is optional elsewhere is on or "
        "required."
    ),
]
