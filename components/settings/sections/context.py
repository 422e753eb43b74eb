"""The context of the kubeconfig."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

ContextSetting = Annotated[Text, Field(description="The kubeconfig context to deploy to. No other is ever used.")]
