"""What identifies the cluster to Pulumi."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

ClusterIdentifierSetting = Annotated[
    Text | None,
    Field(
        description="What identifies the cluster to Pulumi; changing it replaces everything. Not the context, "
        "whose name each person may choose. Default: the namespace."
    ),
]
