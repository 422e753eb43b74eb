"""The Cluster of CloudNativePG that is the stack's live database, and whether it has a primary."""

from typing import Final

from components.kit import names
from flagops.errors import NotFoundError, RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.stacks.deployed import Instance

WITHOUT_PRIMARY: Final = (
    "A primary that fails is replaced by the operator itself. docs/runbook.md, section 26, says what to do where it "
    "cannot."
)


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


def require_primary(instance: Instance) -> None:
    """Raise RefusedError where the live Cluster has no primary that is ready, or another server becomes it just now.

    A standby that is missing is no reason: passwords are the primary's.
    """
    status = live_cluster(instance).get("status", {})
    primary, target = status.get("currentPrimary"), status.get("targetPrimary")
    hint = f"Run it again when `ff status --stack {instance.stack.name}` shows the Cluster well. " + WITHOUT_PRIMARY
    if not primary:
        raise RefusedError("The Cluster has no primary yet.", hint=hint)
    if primary != target:
        raise RefusedError(
            f"The Cluster is between two primaries: {primary} is the primary, and {target or 'another server'} is to "
            "be it.",
            hint=hint,
        )
    pod = instance.get("v1", "Pod", str(primary))
    if pod is None or condition(pod, "Ready").get("status") != "True":
        raise RefusedError(f"The Cluster has no primary: {primary} is not ready.", hint=hint)
