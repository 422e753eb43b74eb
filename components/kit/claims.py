"""Volume claims: disk that stays when the pods go."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import (
    PersistentVolumeClaim,
    PersistentVolumeClaimSpecArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names


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
        spec=PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=storage_class,
            resources=VolumeResourceRequirementsArgs(requests={"storage": size}),
        ),
        opts=opts,
    )
