"""Volume claims: disk that stays when the pods go."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import (
    EphemeralVolumeSourceArgs,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpecArgs,
    PersistentVolumeClaimTemplateArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.pods import Mounted


def volume_claim(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    size: str,
    storage_class: str | None,
    labels: Mapping[str, str] | None = None,
    opts: pulumi.ResourceOptions,
) -> PersistentVolumeClaim:
    """A claim for a volume that one node has at a time.

    Args:
        logical_name: the Pulumi name.
        name: the claim's name.
        namespace: where it lives.
        component: its label.
        size: the quantity of disk.
        storage_class: the StorageClass, None for the cluster's default.
        labels: further ones.
        opts: the resource's options.
    """
    # A class that binds on first use leaves the claim pending until its first pod, which comes later and is awaited.
    annotations = {"pulumi.com/skipAwait": "true"}
    of_all = {**names.labels(component), **(labels or {})}
    return PersistentVolumeClaim(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=of_all, annotations=annotations),
        spec=_spec(size, storage_class),
        opts=opts,
    )


def scratch_volume(name: str, *, path: str, component: str, size: str, storage_class: str | None) -> Mounted:
    """A volume that comes and goes with its pod, for what is too much for a node's own disk.

    Args:
        name: the volume's name; the claim's is the pod's name and it.
        path: where it is mounted.
        component: the claim's label.
        size: the quantity of disk.
        storage_class: the StorageClass, None for the cluster's default.
    """
    template = PersistentVolumeClaimTemplateArgs(
        metadata=ObjectMetaArgs(labels=names.labels(component)), spec=_spec(size, storage_class)
    )
    volume = VolumeArgs(name=name, ephemeral=EphemeralVolumeSourceArgs(volume_claim_template=template))
    return volume, VolumeMountArgs(name=name, mount_path=path)


def _spec(size: str, storage_class: str | None) -> PersistentVolumeClaimSpecArgs:
    return PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=storage_class,
        resources=VolumeResourceRequirementsArgs(requests={"storage": size}),
    )
