"""How many API pods there are."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Count

ReplicasSetting = Annotated[
    Count | None, Field(description="Number of API pods. Default: by `size`. Not with `autoscaling.enabled`.")
]
