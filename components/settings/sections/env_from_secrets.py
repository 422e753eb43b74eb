"""Further environment variables of Flagsmith, from Secrets."""

from typing import Annotated

from pydantic import Field

from components.settings.references import VariableReference
from components.settings.types import EnvName

EnvFromSecretsSetting = Annotated[
    dict[EnvName, VariableReference],
    Field(description="Further environment variables whose values come from existing Secrets."),
]
