"""The context of the kubeconfig."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

ContextSetting = Annotated[Text, Field(description="The context of the kubeconfig to deploy to; never another.")]
