"""The exporter of flag metrics: what Flagsmith keeps in PostgreSQL and no metric of its own tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs

from components.flagsmith.pod import USER
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles
from components.kit.database_pods import PLAIN_TABLES, DatabaseClientArgs, Serving, database_pod
from components.kit.environment import plain
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton

COMPONENT: Final = "flag-metrics"
_DIRECTORY: Final = Path(__file__).parent / "in_pod"
SCRIPTS: Final = (*sorted(_DIRECTORY.glob("flag_metrics*.py")), PLAIN_TABLES)
DIRECTORY: Final = "/flag-metrics"


@dataclass(frozen=True, kw_only=True)
class FlagMetricsArgs(DatabaseClientArgs):
    """The exporter, in Flagsmith's image, which has the client library of Prometheus and the engine too.

    It logs in as the role that may read no more than it needs.

    Attributes:
        interval: seconds between two collections.
        sample: identities of an environment that its adoption is found on; 0 for none.
        annotations: those by which Prometheus finds the pod where nothing else tells it.
    """

    interval: int
    sample: int
    annotations: Mapping[str, str]


def scripts() -> dict[str, str]:
    """The exporter's source, by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in SCRIPTS}


def files() -> ConfigFiles:
    """The scripts, as the pod finds them."""
    return ConfigFiles(
        prefix=names.FLAG_METRICS, component=COMPONENT, volume="scripts", directory=DIRECTORY, data=scripts()
    )


def flag_metrics_pod(args: FlagMetricsArgs, source: ConfigFiles) -> PodTemplateSpecArgs:
    """The pod template. Ready and alive is one that takes its turns, be the database there or not."""
    settings: Mapping[str, str | int] = {
        "INTERVAL_SECONDS": args.interval,
        "SAMPLE": args.sample,
        "PORT": names.FLAG_METRICS_PORT,
        # The root file system is read-only.
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    return database_pod(
        args,
        component=COMPONENT,
        user=USER,
        container="flag-metrics",
        command=["python", f"{DIRECTORY}/flag_metrics.py"],
        env=plain(settings),
        volumes=[source.mounted()],
        # A statement that is under way when it is asked to stop.
        grace_period_seconds=15,
        serving=Serving(
            port=names.FLAG_METRICS_PORT,
            path="/healthz",
            startup=(2, 30),
            readiness=(10, 3),
            liveness=(20, 3),
            annotations=args.annotations,
        ),
    )


class FlagMetrics(Component):
    """The Deployment `flagsmith-flag-metrics` and the ConfigMap with its scripts.

    Attributes:
        deployment: the Deployment's name.
    """

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: FlagMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
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
            version=args.version,
            template=flag_metrics_pod(args, source),
            opts=self.child(config_map, account),
        )
        self.deployment = name_of(deployment)
        self.register_outputs({"deployment": self.deployment})
