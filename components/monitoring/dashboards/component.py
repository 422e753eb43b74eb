"""The dashboards in the cluster: a ConfigMap each, which the sidecar of Grafana's chart finds by a label."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.monitoring.dashboards.model import Facts, config_map_name
from components.settings.sections.monitoring.dashboards import DashboardsSettings

COMPONENT: Final = "dashboards"


@dataclass(frozen=True, kw_only=True)
class DashboardsArgs:
    """The dashboards.

    Attributes:
        settings: what the stack's settings say of dashboards.
        namespace: where the ConfigMaps are; the sidecar must look there.
        facts: what they show.
    """

    settings: DashboardsSettings
    namespace: pulumi.Input[str]
    facts: Facts


class Dashboards(Component):
    """The ConfigMaps `flagsmith-dashboard-service`, `-data` and `-flags`, as far as there is something to show.

    Attributes:
        config_maps: their names.
    """

    config_maps: list[pulumi.Output[str]]

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Dashboards", name, opts)
        # Here, so that a stack without dashboards does not load the library.
        from components.monitoring.dashboards.build import documents

        self.config_maps = []
        section = args.settings
        folder = None if section.folder is None else {section.folder_annotation: section.folder}
        for which, text in documents(args.facts).items():
            made = ConfigMap(
                f"{name}-{which}",
                metadata=ObjectMetaArgs(
                    name=config_map_name(which),
                    namespace=args.namespace,
                    labels={**names.labels(COMPONENT), **args.settings.labels},
                    annotations=folder,
                ),
                data={f"flagsmith-{which}.json": text},
                opts=self.child(),
            )
            self.config_maps.append(name_of(made))
        self.register_outputs({"configMaps": self.config_maps})
