"""The arguments of the record of a deployment."""

from components.deployment.declarations import Declarations
from components.deployment.own_cluster import OwnCluster
from components.deployment.record import DeploymentRecordArgs
from components.namespace.namespace import PlatformNamespace
from components.settings import Settings


def deployment_record_args(
    settings: Settings, namespace: PlatformNamespace, declarations: Declarations, own_cluster: OwnCluster
) -> DeploymentRecordArgs:
    """What the deployment writes down of itself."""
    return DeploymentRecordArgs(
        settings=settings,
        namespace=namespace.name,
        uid=namespace.uid,
        declarations=declarations,
        verify=own_cluster.require_objects,
    )
