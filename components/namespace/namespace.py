"""The namespace, what its pods may do and what they may use in all."""

from collections.abc import Callable
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
from components.settings import Settings, budget
from components.settings.sections.network_policy import CLIENT_LABEL


@dataclass(frozen=True, kw_only=True)
class PlatformNamespaceArgs:
    """What makes up the namespace.

    Attributes:
        settings: the stack's.
        verify: is given the uid that Pulumi knows of the namespace, None when it knows none, and raises when the
            cluster is not the one with that namespace.
    """

    settings: Settings
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
        wanted = args.settings.namespace
        limits = wanted.limit_range
        # A Flagsmith of the same cluster lets in the namespaces that have this.
        is_client = args.settings.is_edge and args.settings.edge.is_beside_primary
        namespace = Namespace(
            f"{name}-namespace",
            metadata=ObjectMetaArgs(
                name=wanted.name,
                labels={
                    **labels,
                    **({CLIENT_LABEL: "true"} if is_client else {}),
                    **{f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")},
                },
            ),
            opts=self.child(protect=args.settings.protect),
        )
        name_of = namespace.metadata.apply(lambda data: data.name or wanted.name)
        self.uid = namespace.metadata.apply(lambda data: data.uid)
        # The id is unknown in the preview of a new namespace, whose uid would be that of a trial.
        verified = pulumi.Output.all(namespace.id, self.uid).apply(lambda known: args.verify(known[1]))
        # A preview goes on beside the question: with names that wait for it, it could show nothing of a new stack.
        waits = not pulumi.runtime.is_dry_run()
        self.name = pulumi.Output.all(name_of, verified).apply(lambda known: known[0]) if waits else name_of
        quota = budget.quota(args.settings)
        if quota:
            ResourceQuota(
                f"{name}-quota",
                metadata=ObjectMetaArgs(name="feature-flags", namespace=self.name, labels=labels),
                spec=ResourceQuotaSpecArgs(hard=dict(quota)),
                opts=self.child(namespace),
            )
        LimitRange(
            f"{name}-limits",
            metadata=ObjectMetaArgs(name="feature-flags", namespace=self.name, labels=labels),
            spec=LimitRangeSpecArgs(
                limits=[
                    LimitRangeItemArgs(
                        type="Container",
                        # What a container that requests nothing is given, so that the quota does not refuse it.
                        default_request=limits.default_request.as_dict(),
                        default=limits.default.as_dict(),
                        max=None if limits.max is None else limits.max.as_dict(),
                    )
                ]
            ),
            opts=self.child(namespace),
        )
        self.register_outputs({"name": self.name, "uid": self.uid})
