"""What every pod of the stack has in common: where it may run, how its images are pulled, and what it is not given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    LocalObjectReferenceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    TolerationArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kit import meshes, names
from components.kit.disk import bound_disk
from components.kit.security import pod_security_context
from components.settings import Settings
from components.settings.resources import Resources


def requirements(resources: Resources) -> ResourceRequirementsArgs:
    """Requests and limits as the SDK takes them."""
    return ResourceRequirementsArgs(requests=resources.requests.as_dict(), limits=resources.limits.as_dict())


Mounted = tuple[VolumeArgs, VolumeMountArgs]
"""A volume of a pod, and a container's mount of it."""


@dataclass(frozen=True, kw_only=True)
class EmptyDir:
    """A writable directory that lives and dies with the pod.

    Attributes:
        name: the volume's name.
        path: where it is mounted.
        size_limit: the quantity above which the pod is evicted.
        medium: `Memory` for a tmpfs, which counts against the memory limit; None for the node's disk.
    """

    name: str
    path: str
    size_limit: str
    medium: str | None = None

    def volume(self) -> VolumeArgs:
        """The pod's volume."""
        return VolumeArgs(
            name=self.name, empty_dir=EmptyDirVolumeSourceArgs(medium=self.medium, size_limit=self.size_limit)
        )

    def mount(self) -> VolumeMountArgs:
        """The container's mount of it."""
        return VolumeMountArgs(name=self.name, mount_path=self.path)

    def mounted(self) -> Mounted:
        """Both."""
        return self.volume(), self.mount()


ZONE: Final = "topology.kubernetes.io/zone"
NODE: Final = "kubernetes.io/hostname"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Replicas go to different zones and nodes, as far as there are any.

    Attributes:
        node_skew: by how many pods one node may have more than another; a pod for which there is no such node waits.
            None for any number.
    """

    node_skew: int | None = None

    def constraints(self, component: str) -> list[TopologySpreadConstraintArgs]:
        """The constraints of the pods of `component`.

        `ScheduleAnyway`, since `DoNotSchedule` with a zone drained blocks a rollout; `pod-template-hash`, since without
        it the pods of the old revision count and the tenth rollout sits in two zones of three.
        """
        found = [_constraint(component, key) for key in (ZONE, NODE)]
        if self.node_skew is not None:
            # A node that is being drained is none to wait for; with a single node, all go there.
            found.append(_constraint(component, NODE, hard_skew=self.node_skew))
        return found


def _constraint(component: str, key: str, *, hard_skew: int | None = None) -> TopologySpreadConstraintArgs:
    return TopologySpreadConstraintArgs(
        max_skew=hard_skew or 1,
        topology_key=key,
        when_unsatisfiable="DoNotSchedule" if hard_skew else "ScheduleAnyway",
        node_taints_policy="Honor" if hard_skew else None,
        label_selector=LabelSelectorArgs(match_labels=names.selector(component)),
        match_label_keys=["pod-template-hash"],
    )


def pod_template(
    *,
    component: str,
    version: str,
    settings: Settings,
    user: int,
    container: ContainerArgs,
    init_containers: Sequence[ContainerArgs] = (),
    sidecars: Sequence[ContainerArgs] = (),
    volumes: Sequence[VolumeArgs],
    annotations: Mapping[str, pulumi.Input[str]],
    grace_period_seconds: int,
    restart_policy: str = "Always",
    spread: Spread | None = None,
) -> PodTemplateSpecArgs:
    """A pod of one main container, those before and beside it, restricted and without a service account token.

    Args:
        component: what the pod is (`api`, `database`, …); becomes its labels and names its service account.
        version: of the software in it; a label only.
        settings: the stack's.
        user: the numeric user and group it runs as.
        container: its main container, which `kubectl exec` and `kubectl logs` use by default.
        init_containers: what runs to its end before, one after the other.
        sidecars: what runs beside it, such as an exporter of metrics.
        volumes: its volumes.
        annotations: its annotations, such as the checksums of the Secrets it reads.
        grace_period_seconds: how long it may take to stop.
        restart_policy: `Always`, or `Never` for a Job's pod.
        spread: how its replicas are spread over zones and nodes; None for a single pod.
    """
    scheduling, is_job = settings.scheduling, restart_policy == "Never"
    further = settings.metadata.jobs if is_job else settings.metadata.pods
    apart = (meshes.NO_SIDECAR_LABELS, meshes.NO_SIDECAR_ANNOTATIONS) if is_job else ({}, {})
    bound_disk([*init_containers, container, *sidecars], volumes)
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(
            labels={**apart[0], **further.labels, **names.labels(component, version)},
            annotations={**apart[1], **further.annotations, names.DEFAULT_CONTAINER: container.name, **annotations},
        ),
        spec=PodSpecArgs(
            service_account_name=names.service_account(component),
            automount_service_account_token=False,
            # The variables of a Service named flagsmith (FLAGSMITH_PORT=tcp://…) would mix with Flagsmith's own.
            enable_service_links=False,
            security_context=pod_security_context(None if settings.pod_security.chosen_by_cluster else user),
            init_containers=list(init_containers) or None,
            containers=[container, *sidecars],
            volumes=list(volumes),
            restart_policy=restart_policy,
            termination_grace_period_seconds=grace_period_seconds,
            topology_spread_constraints=None if spread is None else spread.constraints(component),
            node_selector=dict(scheduling.node_selector) or None,
            tolerations=[
                TolerationArgs(
                    key=item.key,
                    operator=item.operator,
                    value=item.value,
                    effect=item.effect,
                    toleration_seconds=item.toleration_seconds,
                )
                for item in scheduling.tolerations
            ]
            or None,
            priority_class_name=scheduling.priority_class_name,
            image_pull_secrets=[LocalObjectReferenceArgs(name=name) for name in settings.image_pull_secrets] or None,
        ),
    )
