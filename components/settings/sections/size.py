"""The size of the stack, a row of the table in `components/settings/sizes.py`."""

from typing import Annotated, Literal

from pydantic import Field

SizeName = Literal["local", "small", "medium", "large", "xlarge"]
SizeSetting = Annotated[
    SizeName, Field(description="Sets replicas, resources, connections and caches together; see the table.")
]
