"""What tells the stack's cluster from any other."""

from typing import Annotated

from pydantic import Field

from components.settings.types import Text

ClusterUidSetting = Annotated[
    Text | None,
    Field(
        description="The uid of the cluster's namespace `kube-system`; a deployment to another cluster is "
        "refused. Default: once a stack is deployed, Pulumi's state knows its cluster; before that, "
        "and with the direct engine, nothing checks it."
    ),
]
