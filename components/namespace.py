"""The namespace, what its pods may do and what they may use in all."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    LimitRange,
    LimitRangeItemArgs,
    LimitRangeSpecArgs,
    Namespace,
    ResourceQuota,
    ResourceQuotaSpecArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components import metadata
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class PlatformNamespaceArgs:
    """What makes up the namespace.

    Attributes:
        name: its name.
        quota: the `hard` limits of the ResourceQuota, None for no quota.
        default_request: what a container that requests nothing is given, so that the quota does not refuse it.
        default_limit: the limits of a container that sets none.
        max_limit: the most a single container may be given; None for no such bound.
        protect: whether Pulumi refuses to delete the namespace.
    """

    name: str
    quota: Mapping[str, str] | None
    default_request: Mapping[str, str]
    default_limit: Mapping[str, str]
    max_limit: Mapping[str, str] | None
    protect: bool


class PlatformNamespace(Component):
    """The namespace with Pod Security `restricted`, its ResourceQuota and its LimitRange."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: PlatformNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        labels = metadata.labels("namespace")
        namespace = Namespace(
            f"{name}-namespace",
            metadata=ObjectMetaArgs(
                name=args.name,
                labels={
                    **labels,
                    **{f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")},
                },
            ),
            opts=self.child(protect=args.protect),
        )
        if args.quota is not None:
            ResourceQuota(
                f"{name}-quota",
                metadata=ObjectMetaArgs(name="feature-flags", namespace=args.name, labels=labels),
                spec=ResourceQuotaSpecArgs(hard=dict(args.quota)),
                opts=self.child(namespace),
            )
        LimitRange(
            f"{name}-limits",
            metadata=ObjectMetaArgs(name="feature-flags", namespace=args.name, labels=labels),
            spec=LimitRangeSpecArgs(
                limits=[
                    LimitRangeItemArgs(
                        type="Container",
                        default_request=dict(args.default_request),
                        default=dict(args.default_limit),
                        max=None if args.max_limit is None else dict(args.max_limit),
                    )
                ]
            ),
            opts=self.child(namespace),
        )
        self.name = namespace.metadata.apply(lambda data: data.name or args.name)
        self.register_outputs({"name": self.name})
