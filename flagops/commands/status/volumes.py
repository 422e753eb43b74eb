"""The rows of the volume claims."""

from collections.abc import Iterator

from flagops.commands.status.declared import leaving
from flagops.commands.status.model import StatusRow
from flagops.kubernetes.awaiting import when_bound
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance

LATE = "WaitForFirstConsumer"


def volume_rows(instance: Instance) -> Iterator[StatusRow]:
    """Each claim with its volume; one that waits for its first pod, as its storage class has it, is well without."""
    claims = instance.items("v1", "PersistentVolumeClaim")
    pods = instance.items("v1", "Pod") if any(_phase(item) != "Bound" for item in claims) else []
    for item in claims:
        name, phase, since = item["metadata"]["name"], _phase(item), leaving(item)
        size = (item.get("status", {}).get("capacity") or {}).get("storage", "no volume")
        is_early = phase == "Pending" and not any(uses(pod, name) for pod in pods) and _binds_late(instance, item)
        text = since or (f"{phase}, until a pod uses it" if is_early else f"{phase}, {size}")
        yield StatusRow("PersistentVolumeClaim", name, text, is_fine=(phase == "Bound" or is_early) and not since)


def uses(pod: Manifest, claim: str) -> bool:
    """Whether a pod that has not ended has the claim's volume."""
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return False
    volumes = pod["spec"].get("volumes") or []
    return any((volume.get("persistentVolumeClaim") or {}).get("claimName") == claim for volume in volumes)


def _phase(claim: Manifest) -> str:
    return str(claim.get("status", {}).get("phase", "Pending"))


def _binds_late(instance: Instance, claim: Manifest) -> bool:
    try:
        return when_bound(instance.client, claim) == LATE
    except DeniedError:
        return False
