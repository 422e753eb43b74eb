"""What registries ask for."""

from typing import Annotated

from pydantic import Field

from components.settings.types import SecretName

ImagePullSecretsSetting = Annotated[
    tuple[SecretName, ...], Field(description="Names of existing Secrets with the credentials of registries.")
]
