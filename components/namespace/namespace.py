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
    """The namespace with Pod Security `restricted`, its ResourceQuota and its LimitRange; or one that is there.

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
        namespace = self._made(name, args.settings) if wanted.create else self._given(name, args.settings)
        name_of = namespace.metadata.apply(lambda data: data.name or wanted.name)
        self.uid = namespace.metadata.apply(lambda data: data.uid)
        # The id is unknown in the preview of a new namespace, whose uid would be that of a trial.
        verified = pulumi.Output.all(namespace.id, self.uid).apply(lambda known: args.verify(known[1]))
        # A preview goes on beside the question: with names that wait for it, it could show nothing of a new stack.
        waits = not pulumi.runtime.is_dry_run()
        self.name = pulumi.Output.all(name_of, verified).apply(lambda known: known[0]) if waits else name_of
        if wanted.create:
            self._bounded(name, args.settings, namespace, labels)
        self.register_outputs({"name": self.name, "uid": self.uid})

    def _given(self, name: str, settings: Settings) -> Namespace:
        """The namespace as it is: it is read, and neither changed nor deleted."""
        return Namespace.get(f"{name}-given", settings.namespace.name, opts=self.child())

    def _made(self, name: str, settings: Settings) -> Namespace:
        """The namespace, which goes with the stack."""
        wanted = settings.namespace
        # A Flagsmith of the same cluster lets in the namespaces that have this.
        is_client = settings.is_edge and settings.edge.is_beside_primary
        return Namespace(
            f"{name}-namespace",
            metadata=ObjectMetaArgs(
                name=wanted.name,
                labels={
                    **wanted.labels,
                    **names.labels("namespace"),
                    **({CLIENT_LABEL: "true"} if is_client else {}),
                    **{f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")},
                },
                annotations=dict(wanted.annotations) or None,
            ),
            opts=self.child(protect=settings.protect),
        )

    def _bounded(self, name: str, settings: Settings, namespace: Namespace, labels: dict[str, str]) -> None:
        """The bounds on what its pods may use."""
        quota, limits = budget.quota(settings), settings.namespace.limit_range
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
