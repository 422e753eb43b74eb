"""What the Prometheus operator is told: which pods have metrics, and what is an alert.

A PodMonitor, not a ServiceMonitor: most of the pods have no Service, and a Service for the metrics of each would be an
object more whose only reader is Prometheus. One for all of them, by the name of the port: a component that is added
need only call its port `metrics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.capabilities import API_VERSION
from components.kit.component import Component, name_of
from components.kit.scraping import Scraping
from components.monitoring.alerts import AlertGroup
from components.settings.sections.monitoring import MonitoringSettings

COMPONENT: Final = "monitoring"
SCRAPE_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """The PodMonitor and the alerts.

    Attributes:
        settings: what the stack's settings say of monitoring.
        namespace: where it lives, with the pods it finds.
        scraping: what of it the cluster serves.
        groups: the alert rules; none where the cluster has no PrometheusRule.
        others: the labels of pods that an operator makes, and that have other labels than the program's, each by the
            name of its PodMonitor.
    """

    settings: MonitoringSettings
    namespace: pulumi.Input[str]
    scraping: Scraping
    groups: Sequence[AlertGroup]
    others: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def pod_monitor(interval_seconds: int, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The spec of the PodMonitor of the pods with these labels, by default of all that the program makes."""
    component = "__meta_kubernetes_pod_label_app_kubernetes_io_component"
    endpoint = {
        "port": "metrics",
        "interval": f"{interval_seconds}s",
        "scrapeTimeout": f"{SCRAPE_TIMEOUT_SECONDS}s",
        "relabelings": [{"action": "replace", "sourceLabels": [component], "targetLabel": "component"}],
    }
    selector = {"matchLabels": {names.NAME: "flagsmith"} if labels is None else dict(labels)}
    return {"selector": selector, "podMetricsEndpoints": [endpoint]}


class Monitoring(Component):
    """The PrometheusRule `flagsmith`, and the PodMonitor `flagsmith`, which finds every port `metrics` of the pods.

    For a Cluster there is another of its servers, by the Cluster's name, and `flagsmith-pg-pooler` of its poolers. All
    series have the label `component` (`api`, `database`, …) beside the operator's own `namespace`, `pod` and
    `container`.

    Attributes:
        pod_monitor: the PodMonitor's name; None where there is none.
        rules: the PrometheusRule's name; None where there is none.
    """

    pod_monitor: pulumi.Output[str] | None
    rules: pulumi.Output[str] | None

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Monitoring", name, opts)
        meta = ObjectMetaArgs(
            name=names.API, namespace=args.namespace, labels={**names.labels(COMPONENT), **args.settings.labels}
        )
        self.pod_monitor = self.rules = None
        if args.scraping.monitors:
            monitor = CustomResource(
                f"{name}-pods",
                api_version=API_VERSION,
                kind="PodMonitor",
                metadata=meta,
                spec=pod_monitor(args.settings.interval),
                opts=self.child(),
            )
            self.pod_monitor = name_of(monitor)
            for other, labels in args.others.items():
                found = {**names.labels(COMPONENT), **args.settings.labels}
                CustomResource(
                    f"{name}-{other.removeprefix('flagsmith-')}",
                    api_version=API_VERSION,
                    kind="PodMonitor",
                    metadata=ObjectMetaArgs(name=other, namespace=args.namespace, labels=found),
                    spec=pod_monitor(args.settings.interval, labels),
                    opts=self.child(),
                )
        if args.groups:
            rules = CustomResource(
                f"{name}-rules",
                api_version=API_VERSION,
                kind="PrometheusRule",
                metadata=meta,
                spec={"groups": [group.manifest(args.settings.runbook_url) for group in args.groups]},
                opts=self.child(),
            )
            self.rules = name_of(rules)
        self.register_outputs({"podMonitor": self.pod_monitor, "rules": self.rules})
