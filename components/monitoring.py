"""What the Prometheus operator is told: which pods have metrics.

A PodMonitor, not a ServiceMonitor: most of the pods have no Service, and a Service for the metrics of each would be an
object more whose only reader is Prometheus. One for all of them, by the name of the port: a component that is added
need only call its port `metrics`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components import metadata
from components.component import Component

COMPONENT: Final = "monitoring"
API_VERSION: Final = "monitoring.coreos.com/v1"
SCRAPE_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """The PodMonitor.

    Attributes:
        namespace: where it lives, with the pods it finds.
        labels: those by which the operator finds it.
        interval_seconds: how often metrics are scraped.
    """

    namespace: pulumi.Input[str]
    labels: Mapping[str, str]
    interval_seconds: int


class Monitoring(Component):
    """The PodMonitor `flagsmith`, which finds every port `metrics` of the stack's pods.

    Its series have the label `component` (`api`, `database`, …) beside the operator's own `namespace`, `pod` and
    `container`.
    """

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        labels = {**metadata.labels(COMPONENT), **args.labels}
        component = "__meta_kubernetes_pod_label_app_kubernetes_io_component"
        CustomResource(
            f"{name}-pods",
            api_version=API_VERSION,
            kind="PodMonitor",
            metadata=ObjectMetaArgs(name=metadata.API, namespace=args.namespace, labels=labels),
            spec={
                "selector": {"matchLabels": {metadata.NAME: "flagsmith"}},
                "podMetricsEndpoints": [
                    {
                        "port": "metrics",
                        "interval": f"{args.interval_seconds}s",
                        "scrapeTimeout": f"{SCRAPE_TIMEOUT_SECONDS}s",
                        "relabelings": [{"action": "replace", "sourceLabels": [component], "targetLabel": "component"}],
                    }
                ],
            },
            opts=self.child(),
        )
        self.register_outputs({})
