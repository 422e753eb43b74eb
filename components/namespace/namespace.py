"""The namespace, what its pods may do and what they may use in all."""

from collections.abc import Callable, Mapping
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

from components.kit import names
from components.kit.component import Component


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
        verify: is given the uid that Pulumi knows of the namespace, None when it knows none, and raises when the
            cluster is not the one with that namespace.
    """

    name: str
    quota: Mapping[str, str] | None
    default_request: Mapping[str, str]
    default_limit: Mapping[str, str]
    max_limit: Mapping[str, str] | None
    protect: bool
    verify: Callable[[str | None], None]


class PlatformNamespace(Component):
    """The namespace with Pod Security `restricted`, its ResourceQuota and its LimitRange.

    Attributes:
        name: its name, for all that is in it; known in a deployment only when the cluster is the right one.
        uid: its uid in the cluster; None where nothing knows it, unknown in the preview of a new one.
    """

    name: pulumi.Output[str]
    uid: pulumi.Output[str | None]

    def __init__(self, name: str, args: PlatformNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:PlatformNamespace", name, opts)
        labels = names.labels("namespace")
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
        name_of = namespace.metadata.apply(lambda data: data.name or args.name)
        self.uid = namespace.metadata.apply(lambda data: data.uid)
        # The id is unknown in the preview of a new namespace, whose uid would be that of a trial.
        verified = pulumi.Output.all(namespace.id, self.uid).apply(lambda known: args.verify(known[1]))
        # A preview goes on beside the question: with names that wait for it, it could show nothing of a new stack.
        waits = not pulumi.runtime.is_dry_run()
        self.name = pulumi.Output.all(name_of, verified).apply(lambda known: known[0]) if waits else name_of
        if args.quota is not None:
            ResourceQuota(
                f"{name}-quota",
                metadata=ObjectMetaArgs(name="feature-flags", namespace=self.name, labels=labels),
                spec=ResourceQuotaSpecArgs(hard=dict(args.quota)),
                opts=self.child(namespace),
            )
        LimitRange(
            f"{name}-limits",
            metadata=ObjectMetaArgs(name="feature-flags", namespace=self.name, labels=labels),
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
        self.register_outputs({"name": self.name, "uid": self.uid})
