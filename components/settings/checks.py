"""What the sections of the settings may not say together, and what is allowed but worth a warning."""

from collections.abc import Iterator

from components.settings import (
    checks_audit,
    checks_flag_metrics,
    checks_images,
    checks_ingress,
    checks_monitoring,
    checks_network,
    checks_observability,
    checks_production,
    checks_secrets,
    checks_sums,
    sources,
)
from components.settings.model import Settings
from components.settings.problems import Problem


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every contradiction between sections."""
    for found in (
        checks_ingress,
        checks_sums,
        checks_flag_metrics,
        checks_images,
        checks_observability,
        checks_network,
        checks_secrets,
        checks_audit,
        sources,
        checks_monitoring,
        checks_production,
    ):
        yield from found.problems(settings)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what is allowed and worth knowing, one sentence each."""
    for found in (
        checks_sums,
        checks_flag_metrics,
        checks_images,
        checks_audit,
        checks_ingress,
        checks_observability,
        checks_network,
        checks_monitoring,
    ):
        yield from found.warnings(settings)
