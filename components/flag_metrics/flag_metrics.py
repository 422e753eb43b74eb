"""The exporter of flag metrics: what Flagsmith keeps in PostgreSQL and no metric of its own tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.database_pods import PLAIN_TABLES, DatabaseClientArgs, database_pod
from components.kit.environment import plain
from components.kit.programs import Serving
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton

COMPONENT: Final = "flag-metrics"
_DIRECTORY: Final = Path(__file__).parent / "in_pod"
SCRIPTS: Final = (*sorted(_DIRECTORY.glob("flag_metrics*.py")), PLAIN_TABLES)
DIRECTORY: Final = "/flag-metrics"


def scripts() -> dict[str, str]:
    """The exporter's source, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS}


def files() -> ConfigFiles:
    """The scripts, as the pod finds them."""
    return ConfigFiles(
        prefix=names.FLAG_METRICS, component=COMPONENT, volume="scripts", directory=DIRECTORY, data=scripts()
    )


def flag_metrics_pod(args: DatabaseClientArgs, source: ConfigFiles) -> PodTemplateSpecArgs:
    """The pod template. Ready and alive is one that takes its turns, be the database there or not."""
    settings = args.settings.monitoring.flag_metrics
    variables: Mapping[str, str | int] = {
        "INTERVAL_SECONDS": settings.interval,
        "SAMPLE": settings.sample,
        "PORT": names.FLAG_METRICS_PORT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    return database_pod(
        args,
        component=COMPONENT,
        image=args.settings.image_reference,
        version=args.settings.version,
        resources=settings.resources,
        user=USER,
        container="flag-metrics",
        command=["python", f"{DIRECTORY}/flag_metrics.py"],
        env=plain(variables),
        volumes=[source.mounted()],
        # A statement that is under way when it is asked to stop.
        grace_period_seconds=15,
        serving=Serving(
            port=names.FLAG_METRICS_PORT,
            path="/healthz",
            startup=(2, 30),
            readiness=(10, 3),
            liveness=(20, 3),
        ),
    )


class FlagMetrics(Component):
    """The Deployment `flagsmith-flag-metrics` and the ConfigMap with its scripts.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:FlagMetrics", name, opts)
        source = files()
        config_map = source.config_map(f"{name}-scripts", namespace=args.namespace, opts=self.child())
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        deployment = singleton(
            f"{name}-deployment",
            name=names.FLAG_METRICS,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.version,
            template=flag_metrics_pod(args, source),
            opts=self.child(config_map, account),
        )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
