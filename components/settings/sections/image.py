"""Flagsmith's image."""

from typing import Annotated

from pydantic import Field

from components.settings.images import Image

ImageSetting = Annotated[
    Image, Field(description="The image: a repository, or a full reference whose tag equals `version`.")
]
