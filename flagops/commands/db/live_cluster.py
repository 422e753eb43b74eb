"""The Cluster of CloudNativePG that is the stack's live database."""

from components.kit import names
from flagops.errors import NotFoundError
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance


def live_cluster(instance: Instance) -> Manifest:
    """The Cluster of this stack's settings, as it is now. Raises NotFoundError where there is none."""
    name = instance.settings.postgres.cluster.name
    live = instance.get(names.CNPG_API_VERSION, "Cluster", name)
    if live is None:
        raise NotFoundError(
            f"There is no Cluster {instance.namespace}/{name} in context {instance.context!r}.",
            hint=f"Is the stack deployed? `ff up --stack {instance.stack.name}` makes it.",
        )
    return live
