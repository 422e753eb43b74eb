"""How much of its node's disk a container may fill with logs, its own layer and the pod's scratch directories."""

from collections.abc import Sequence
from typing import Final

from pulumi_kubernetes.core.v1 import ContainerArgs, ResourceRequirementsArgs, VolumeArgs

from components.settings.quantities import MI, format_memory, parse_memory

RESOURCE: Final = "ephemeral-storage"
# The root file system is read-only, and a kubelet keeps at most 50 MiB of a container's log.
REQUEST: Final = 128 * MI
BEYOND_SCRATCH: Final = 512 * MI


def bound_disk(containers: Sequence[ContainerArgs], volumes: Sequence[VolumeArgs]) -> None:
    """Give each container a request and a limit of disk; the limit has room for all of the pod's scratch directories.

    What is in an emptyDir counts for the pod as a whole: with less, a container that fills its own directory as it may
    would have its pod evicted. A directory in memory counts as memory.
    """
    scratch = sum(_disk(volume) for volume in volumes)
    for container in containers:
        resources = container.resources
        container.resources = ResourceRequirementsArgs(
            requests={**resources.requests, RESOURCE: format_memory(REQUEST)},
            limits={**resources.limits, RESOURCE: format_memory(scratch + BEYOND_SCRATCH)},
        )


def _disk(volume: VolumeArgs) -> int:
    directory = volume.empty_dir
    return 0 if directory is None or directory.medium == "Memory" else parse_memory(directory.size_limit)
