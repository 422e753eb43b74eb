"""What reads a Secret into its environment: it goes on with the old values until it is restarted."""

from typing import Any

from flagops.commands.flags.catalogue.model import Delivery
from flagops.errors import OpsError
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def restarts(instance: Instance, delivery: Delivery) -> tuple[str, ...]:
    """The commands that restart the readers of a delivery's Secret; none where they may not be looked for."""
    command = f"{instance.kubectl_anywhere} -n {delivery.namespace} rollout restart"
    try:
        found = [
            f"{command} {kind.lower()}/{item['metadata']['name']}"
            for kind in KINDS
            for item in instance.client.list("apps/v1", kind, delivery.namespace)
            if reads(item, delivery.secret)
        ]
    except OpsError:
        return ()
    return tuple(sorted(found))


def reads(workload: Manifest, secret: str) -> bool:
    """Whether a container of the workload has a variable from the Secret."""
    pod = workload["spec"]["template"]["spec"]
    containers = [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]
    return any(secret in _named(container) for container in containers)


def _named(container: Manifest) -> set[str]:
    whole = [item.get("secretRef") for item in container.get("envFrom") or []]
    single = [(item.get("valueFrom") or {}).get("secretKeyRef") for item in container.get("env") or []]
    references: list[dict[str, Any]] = [item for item in (*whole, *single) if item]
    return {str(item.get("name")) for item in references}
