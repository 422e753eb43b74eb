"""The exporter of flag metrics: what Flagsmith keeps in PostgreSQL and no metric of its own tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs, DeploymentStrategyArgs
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    HTTPGetActionArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components import metadata
from components.component import Component
from components.environment import Connections, database_environment
from components.flagsmith_pod import USER, postgres_ca_volume
from components.hashing import short_digest
from components.pods import Placement, pod_template, requirements
from components.references import checksum_annotations
from components.security import container_security_context
from components.service_accounts import service_account
from components.settings.workload import Resources

COMPONENT: Final = "flag-metrics"
SCRIPTS: Final = tuple(sorted((Path(__file__).parent / "scripts").glob("flag_metrics*.py")))
DIRECTORY: Final = "/flag-metrics"


@dataclass(frozen=True, kw_only=True)
class FlagMetricsArgs:
    """The exporter.

    Attributes:
        namespace: where it runs.
        image: Flagsmith's image, which has the client libraries of Prometheus and PostgreSQL, and the engine.
        version: of Flagsmith, as a label.
        connections: the database; its Secret holds the URL of the role that may read no more than this needs.
        interval: seconds between two collections.
        sample: identities of an environment that its adoption is found on; 0 for none.
        annotations: those by which Prometheus finds the pod where nothing else tells it.
        resources: requests and limits.
        placement: where it runs.
    """

    namespace: pulumi.Input[str]
    image: str
    version: str
    connections: Connections
    interval: int
    sample: int
    annotations: Mapping[str, str]
    resources: Resources
    placement: Placement


def scripts() -> dict[str, str]:
    """The exporter's source, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS}


def _probe(period: int, failures: int) -> ProbeArgs:
    get = HTTPGetActionArgs(path="/healthz", port="metrics", scheme="HTTP")
    return ProbeArgs(http_get=get, period_seconds=period, timeout_seconds=5, failure_threshold=failures)


def flag_metrics_pod(args: FlagMetricsArgs, config_map: str) -> PodTemplateSpecArgs:
    """The pod template. Ready and alive is one that takes its turns, be the database there or not."""
    settings: Mapping[str, str | int] = {
        "INTERVAL_SECONDS": args.interval,
        "SAMPLE": args.sample,
        "PORT": metadata.FLAG_METRICS_PORT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    authority = postgres_ca_volume(args.connections)
    return pod_template(
        component=COMPONENT,
        version=args.version,
        placement=args.placement,
        user=USER,
        container=ContainerArgs(
            name="flag-metrics",
            image=args.image,
            command=["python", f"{DIRECTORY}/flag_metrics.py"],
            env=[
                *database_environment(args.connections),
                *(EnvVarArgs(name=name, value=str(value)) for name, value in settings.items()),
            ],
            ports=[ContainerPortArgs(name="metrics", container_port=metadata.FLAG_METRICS_PORT)],
            startup_probe=_probe(2, 30),
            readiness_probe=_probe(10, 3),
            liveness_probe=_probe(20, 3),
            resources=requirements(args.resources),
            security_context=container_security_context(),
            volume_mounts=[
                VolumeMountArgs(name="scripts", mount_path=DIRECTORY, read_only=True),
                *(mount for _, mount in authority),
            ],
        ),
        volumes=[
            VolumeArgs(name="scripts", config_map=ConfigMapVolumeSourceArgs(name=config_map)),
            *(volume for volume, _ in authority),
        ],
        annotations={**args.annotations, **checksum_annotations(args.connections.postgres)},
        # A statement that is under way when it is asked to stop.
        grace_period_seconds=15,
    )


class FlagMetrics(Component):
    """The Deployment `flagsmith-flag-metrics` and the ConfigMap with its scripts."""

    def __init__(self, name: str, args: FlagMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        source = scripts()
        config_map_name = f"{metadata.FLAG_METRICS}-{short_digest(source)}"
        config_map = ConfigMap(
            f"{name}-scripts",
            metadata=ObjectMetaArgs(name=config_map_name, namespace=args.namespace, labels=metadata.labels(COMPONENT)),
            data=source,
            immutable=True,
            opts=self.child(),
        )
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        Deployment(
            f"{name}-deployment",
            metadata=ObjectMetaArgs(
                name=metadata.FLAG_METRICS,
                namespace=args.namespace,
                labels=metadata.labels(COMPONENT, args.version),
            ),
            spec=DeploymentSpecArgs(
                replicas=1,
                selector=LabelSelectorArgs(match_labels=metadata.selector(COMPONENT)),
                # One at a time: two would count every evaluation twice.
                strategy=DeploymentStrategyArgs(type="Recreate"),
                template=flag_metrics_pod(args, config_map_name),
            ),
            opts=self.child(config_map, account),
        )
        self.register_outputs({})
