"""The exporter of flag metrics: what Flagsmith keeps in PostgreSQL and no metric of its own tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    HTTPGetActionArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
)

from components.flagsmith.pod import USER
from components.kit import names, plain_tables
from components.kit.component import Component
from components.kit.config_files import ConfigFiles
from components.kit.database_client import Connections, database_environment, postgres_volumes
from components.kit.environment import plain
from components.kit.pods import Placement, pod_template, requirements
from components.kit.secret_refs import checksum_annotations
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton
from components.settings.workload import Resources

COMPONENT: Final = "flag-metrics"
_DIRECTORY: Final = Path(__file__).parent / "in_pod"
SCRIPTS: Final = (*sorted(_DIRECTORY.glob("flag_metrics*.py")), plain_tables.FILE)
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


def files() -> ConfigFiles:
    """The scripts, as the pod finds them."""
    return ConfigFiles(
        prefix=names.FLAG_METRICS, component=COMPONENT, volume="scripts", directory=DIRECTORY, data=scripts()
    )


def _probe(period: int, failures: int) -> ProbeArgs:
    get = HTTPGetActionArgs(path="/healthz", port="metrics", scheme="HTTP")
    return ProbeArgs(http_get=get, period_seconds=period, timeout_seconds=5, failure_threshold=failures)


def flag_metrics_pod(args: FlagMetricsArgs, source: ConfigFiles) -> PodTemplateSpecArgs:
    """The pod template. Ready and alive is one that takes its turns, be the database there or not."""
    settings: Mapping[str, str | int] = {
        "INTERVAL_SECONDS": args.interval,
        "SAMPLE": args.sample,
        "PORT": names.FLAG_METRICS_PORT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    volumes = [source.mounted(), *postgres_volumes(args.connections)]
    return pod_template(
        component=COMPONENT,
        version=args.version,
        placement=args.placement,
        user=USER,
        container=ContainerArgs(
            name="flag-metrics",
            image=args.image,
            command=["python", f"{DIRECTORY}/flag_metrics.py"],
            env=[*database_environment(args.connections), *plain(settings)],
            ports=[ContainerPortArgs(name="metrics", container_port=names.FLAG_METRICS_PORT)],
            startup_probe=_probe(2, 30),
            readiness_probe=_probe(10, 3),
            liveness_probe=_probe(20, 3),
            resources=requirements(args.resources),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in volumes],
        ),
        volumes=[volume for volume, _ in volumes],
        annotations={**args.annotations, **checksum_annotations(args.connections.postgres)},
        # A statement that is under way when it is asked to stop.
        grace_period_seconds=15,
    )


class FlagMetrics(Component):
    """The Deployment `flagsmith-flag-metrics` and the ConfigMap with its scripts."""

    def __init__(self, name: str, args: FlagMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        source = files()
        config_map = source.config_map(f"{name}-scripts", namespace=args.namespace, opts=self.child())
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        singleton(
            f"{name}-deployment",
            name=names.FLAG_METRICS,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.version,
            template=flag_metrics_pod(args, source),
            opts=self.child(config_map, account),
        )
        self.register_outputs({})
