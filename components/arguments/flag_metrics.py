"""The arguments of the exporter of flag metrics."""

from dataclasses import replace

import pulumi

from components import metadata
from components.arguments.shared import connections, placement
from components.credentials import Credentials
from components.flag_metrics import FlagMetricsArgs
from components.references import SecretReference
from components.scraping import Scraping
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
        annotations=scraping.annotations(metadata.FLAG_METRICS_PORT),
        resources=metrics.resources,
        placement=placement(settings),
    )
