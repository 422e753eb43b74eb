"""The arguments of Flagsmith's workloads."""

import pulumi

from components.flagsmith.bootstrap import BootstrapArgs
from components.flagsmith.pod import WorkloadArgs
from components.kit import names
from components.kit.scraping import Scraping
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def job_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> WorkloadArgs:
    """A Job."""
    return WorkloadArgs(settings=settings, namespace=namespace, connections=connections(settings, credentials))


def bootstrap_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BootstrapArgs:
    """The bootstrap Job."""
    return BootstrapArgs(
        settings=settings,
        namespace=namespace,
        connections=connections(settings, credentials),
        admin=credentials.admin,
    )


def server_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, scraping: Scraping
) -> WorkloadArgs:
    """The API, or the task processor."""
    return WorkloadArgs(
        settings=settings,
        namespace=namespace,
        connections=connections(settings, credentials),
        annotations=scraping.annotations(names.METRICS_PORT),
    )
