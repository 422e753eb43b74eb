"""Whether what holds data is protected from being deleted."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Boolean

ProtectSetting = Annotated[
    Boolean,
    Field(description="Whether Pulumi refuses to delete the namespace, the database, its volume and Secrets."),
]
