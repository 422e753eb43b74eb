"""Who can create organisations."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Boolean

RestrictOrgCreateToSuperusersSetting = Annotated[
    Boolean,
    Field(
        description="Whether only superusers can create organisations. If it is false, anybody with a log-in "
        "can create one, administer it, and invite strangers into this Flagsmith."
    ),
]
