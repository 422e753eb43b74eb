"""The arguments of the exporter of flag metrics."""

from dataclasses import replace

import pulumi

from components.flag_metrics.flag_metrics import FlagMetricsArgs
from components.kit import names
from components.kit.args import placement
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def flag_metrics_args(
    settings: Settings,
    namespace: pulumi.Input[str],
    credentials: Credentials,
    role: SecretReference,
    scraping: Scraping,
) -> FlagMetricsArgs:
    """The exporter, which reads as the role that `role` has the URL of."""
    metrics = settings.monitoring.flag_metrics
    return FlagMetricsArgs(
        namespace=namespace,
        image=settings.image_reference,
        version=settings.version,
        connections=replace(connections(settings, credentials), postgres=role),
        interval=metrics.interval,
        sample=metrics.sample,
        annotations=scraping.annotations(names.FLAG_METRICS_PORT),
        resources=metrics.resources,
        placement=placement(settings),
    )
