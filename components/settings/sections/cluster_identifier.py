"""What identifies the cluster to Pulumi."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

ClusterIdentifierSetting = Annotated[
    Text | None,
    Field(
        description="The cluster's name for Pulumi; changing it replaces everything. It is not the context, whose "
        "name each person may choose. Default: the namespace."
    ),
]
