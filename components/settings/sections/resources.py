"""What an API container gets."""

from typing import Annotated

from pydantic import Field

from components.settings.resources import Resources

ResourcesSetting = Annotated[
    Resources | None, Field(description="Requests and limits of an API container. Default: by `size`.")
]
