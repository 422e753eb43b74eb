"""The volume of the backups: how pods have it, and the trial that it can be had and written to."""

from typing import Final

from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ContainerArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodAffinityArgs,
    PodAffinityTermArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs

from components.kit import names
from components.kit.security import container_security_context

PATH: Final = "/backups"
# Clouds make and attach a disk within two minutes; a node for the pod may have to be started first.
DEADLINE_SECONDS: Final = 900


def volume() -> VolumeArgs:
    """The pod's volume."""
    return VolumeArgs(
        name="backups", persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=names.BACKUP_DATA)
    )


def mount() -> VolumeMountArgs:
    """The container's mount of it."""
    return VolumeMountArgs(name="backups", mount_path=PATH)


def trial(image: str, resources: ResourceRequirementsArgs) -> ContainerArgs:
    """A container that ends well where backups can be written, and shows the room there is."""
    script = f'test -w {PATH} && exec df -h {PATH}; echo "user $(id -u) cannot write to {PATH}" >&2; exit 1'
    return ContainerArgs(
        name="volume",
        image=image,
        command=["sh", "-c", script],
        resources=resources,
        security_context=container_security_context(),
        volume_mounts=[mount()],
    )


def on_its_node(template: PodTemplateSpecArgs, component: str) -> PodTemplateSpecArgs:
    """The pod, put on the node of the pod of `component` that has the volume: it is attached to one node at a time.

    The first pod goes anywhere, since it fits its own affinity; pods that have ended do not count.
    """
    selector = LabelSelectorArgs(match_labels=names.selector(component))
    term = PodAffinityTermArgs(topology_key="kubernetes.io/hostname", label_selector=selector)
    affinity = PodAffinityArgs(required_during_scheduling_ignored_during_execution=[term])
    template.spec.affinity = AffinityArgs(pod_affinity=affinity)
    return template
