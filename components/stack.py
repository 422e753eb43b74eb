"""What every stack has, whatever its role: a namespace, network policies, ways in, and the record of a deployment."""

from dataclasses import dataclass
from typing import Final

import pulumi

from components.deployment.args import deployment_record_args
from components.deployment.declarations import Declarations
from components.deployment.own_cluster import OwnCluster
from components.deployment.record import DeploymentRecord
from components.edge_metrics.edge_metrics import EdgeMetrics, EdgeMetricsArgs
from components.exposure.closed import ClosedWay, ClosedWayArgs
from components.exposure.gateway import PublicGateway, public_gateway_args
from components.exposure.ingress import PublicIngress, PublicIngressArgs
from components.kit import names
from components.kit.args import scraping
from components.kit.capabilities import find as find_capabilities
from components.kit.component import Component
from components.kit.further_metadata import FurtherMetadata
from components.monitoring.args import monitoring_args, monitoring_warnings
from components.monitoring.monitoring import Monitoring
from components.namespace.namespace import PlatformNamespace, PlatformNamespaceArgs
from components.network.args import network_policies_args
from components.network.policies import NetworkPolicies
from components.settings import Settings

DEFAULT: Final = "feature-flags"
"""The instance whose parts were in stacks before there was a component around them."""
TYPE: Final = "feature-flags:components:FeatureFlags"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagsArgs:
    """One instance.

    Attributes:
        settings: all settings of its stack.
        own_cluster: what looks whether the cluster is the stack's own, and what is in it.
    """

    settings: Settings
    own_cluster: OwnCluster


def part_name(instance: str, part: str) -> str:
    """The name in the program of a part of an instance: the default instance's parts have always had their bare names.

    A resource that gets another name is another resource, which is made anew.
    """
    return part if instance == DEFAULT else f"{instance}-{part}"


class StackComponent(Component):
    """An instance in a namespace of its own. What is made of it is for those that derive from this.

    Attributes:
        namespace: where all of it is.
        outputs: what people want to know of it.
    """

    namespace: PlatformNamespace
    outputs: dict[str, pulumi.Input[object]]

    def __init__(self, name: str, args: FeatureFlagsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the namespace, before all else.

        Every role has one type, which is part of each part's URN: with another role the namespace stays what it is,
        and is not made anew, and then deleted as the one of before.
        """
        self._own_cluster, self._declarations = args.own_cluster, Declarations()
        further = FurtherMetadata(args.settings.metadata)
        noted = pulumi.ResourceOptions(transformations=[further.add, self._declarations.note])
        super().__init__(TYPE, name, pulumi.ResourceOptions.merge(opts, noted))
        self._settings = settings = args.settings
        self._capabilities = find_capabilities(settings)
        for warning in monitoring_warnings(settings, self._capabilities):
            pulumi.log.warn(warning)
        self._scrapes = scraping(settings, self._capabilities)
        place = PlatformNamespaceArgs(settings=settings, verify=args.own_cluster.require_namespace)
        self.namespace = PlatformNamespace(self._named("namespace"), place, self._part())

    def _named(self, part: str) -> str:
        return part_name(self.pulumi_resource_name, part)

    def _part(self, *dependencies: pulumi.Resource) -> pulumi.ResourceOptions:
        """The options of a part, after `dependencies`."""
        return self.child(*dependencies)

    def _policies(self) -> list[pulumi.Resource]:
        """The network policies, if there are any. They come before the first pod, so that none runs without its own."""
        if not self._settings.isolated:
            return []
        policies = network_policies_args(self._settings, self.namespace.name)
        return [NetworkPolicies(self._named("network-policies"), policies, self._part(self.namespace))]

    def _published(self, served: pulumi.Resource) -> None:
        """The ways in, after what they lead to."""
        settings, namespace = self._settings, self.namespace.name
        if settings.postgres.moves:
            closed = ClosedWayArgs(namespace=namespace)
            served = ClosedWay(self._named("closed"), closed, self._part(served))
        if settings.ingress.enabled:
            way_in = PublicIngressArgs(settings=settings, namespace=namespace)
            PublicIngress(self._named("ingress"), way_in, self._part(served))
        if settings.gateway.enabled:
            gateway = public_gateway_args(settings, namespace, self._capabilities)
            PublicGateway(self._named("gateway"), gateway, self._part(served))

    def _edge_metrics(self, *foundation: pulumi.Resource) -> list[pulumi.Resource]:
        """The exporter that asks the proxies how old their documents are, if the stack is monitored.

        It needs no proxy to start, only the `foundation` of each pod.
        """
        if not self._settings.edge_metrics_enabled:
            return []
        scraped = self._scrapes.annotations(names.EDGE_METRICS_PORT)
        metrics = EdgeMetricsArgs(settings=self._settings, namespace=self.namespace.name, annotations=scraped)
        return [EdgeMetrics(self._named("edge-metrics"), metrics, self._part(*foundation))]

    def _monitored(self, *watched: pulumi.Resource) -> None:
        """The alerts and what finds metrics, after what they watch: nobody is woken up for what is not there yet."""
        if self._scrapes.monitors or self._scrapes.rules:
            watch = monitoring_args(self._settings, self.namespace.name, self._scrapes)
            Monitoring(self._named("monitoring"), watch, self._part(*watched))

    def _recorded(self, outputs: dict[str, pulumi.Input[object]]) -> None:
        """The last of all: what is written in the record was deployed, and a removal meets it first."""
        record = deployment_record_args(self._settings, self.namespace, self._declarations, self._own_cluster)
        DeploymentRecord(self._named("deployment"), record, self._part(self.namespace))
        self.outputs = outputs
        self.register_outputs(outputs)
