"""The exporter of the edge's metrics, and the Service by which it finds each proxy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

from components.edge.pod import COMPONENT as EDGE
from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.environment import plain
from components.kit.pods import pod_template
from components.kit.programs import Serving, program_container
from components.kit.service_accounts import service_account
from components.kit.services import cluster_service
from components.kit.single_pod import singleton
from components.settings import Settings

COMPONENT: Final = "edge-metrics"
SCRIPT: Final = Path(__file__).parent / "in_pod" / "edge_metrics.py"
DIRECTORY: Final = "/edge-metrics"
SERVING: Final = Serving(
    port=names.EDGE_METRICS_PORT, path="/healthz", startup=(2, 30), readiness=(10, 3), liveness=(20, 3)
)


@dataclass(frozen=True, kw_only=True)
class EdgeMetricsArgs:
    """The exporter.

    Attributes:
        settings: the stack's.
        namespace: where it runs, with the proxies.
        annotations: those by which Prometheus finds the pod where there is no PodMonitor.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    annotations: Mapping[str, str] = field(default_factory=dict)


def files() -> ConfigFiles:
    """The script, as the pod finds it."""
    return ConfigFiles(
        prefix=names.EDGE_METRICS,
        component=COMPONENT,
        volume="scripts",
        directory=DIRECTORY,
        data={SCRIPT.name: SCRIPT.read_text(encoding="utf-8")},
    )


def edge_metrics_pod(args: EdgeMetricsArgs, source: ConfigFiles) -> PodTemplateSpecArgs:
    """The pod template. It has no key: a proxy tells how old its documents are to anybody who can reach it."""
    volume, mount = source.mounted()
    variables: Mapping[str, str | int] = {
        "HOST": names.EDGE_PODS,
        "TARGET_PORT": names.EDGE_PORT,
        "PORT": names.EDGE_METRICS_PORT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    return pod_template(
        component=COMPONENT,
        version=args.settings.version,
        settings=args.settings,
        user=USER,
        container=program_container(
            args.settings,
            name=COMPONENT,
            image=args.settings.image_reference,
            command=["python", f"{DIRECTORY}/{SCRIPT.name}"],
            env=plain(variables),
            resources=args.settings.monitoring.edge_metrics.resources,
            mounts=[mount],
            serving=SERVING,
        ),
        volumes=[volume],
        annotations=args.annotations,
        grace_period_seconds=5,
    )


class EdgeMetrics(Component):
    """The Deployment `flagsmith-edge-metrics`, its script, and the headless Service `flagsmith-edge-pods`.

    The Service has the addresses of the proxies that are ready: behind that of the edge, the exporter would ask now
    this one, now that one.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: EdgeMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:EdgeMetrics", name, opts)
        source = files()
        config_map = source.config_map(f"{name}-scripts", namespace=args.namespace, opts=self.child())
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        proxies = cluster_service(
            f"{name}-proxies",
            name=names.EDGE_PODS,
            namespace=args.namespace,
            component=EDGE,
            ports={"http": names.EDGE_PORT},
            headless=True,
            opts=self.child(),
        )
        deployment = singleton(
            f"{name}-deployment",
            name=names.EDGE_METRICS,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=edge_metrics_pod(args, source),
            opts=self.child(config_map, account, proxies),
        )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
