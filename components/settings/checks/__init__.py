"""What the sections of the settings may not say together, and what is allowed but worth a warning."""

from collections.abc import Iterator

from components.settings import sources
from components.settings.checks import (
    audit,
    bucket,
    cloudnative_pg,
    edge,
    flag_metrics,
    gateway,
    images,
    ingress,
    least,
    logs,
    monitoring,
    network,
    production,
    retention,
    role,
    sdk_keys,
    secrets,
    sums,
    worlds,
)
from components.settings.model import Settings
from components.settings.problems import Problem


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every contradiction between sections."""
    for found in (
        ingress,
        gateway,
        sums,
        least,
        flag_metrics,
        images,
        logs,
        network,
        secrets,
        sdk_keys,
        audit,
        sources,
        monitoring,
        production,
        edge,
        role,
        cloudnative_pg,
        worlds,
    ):
        yield from found.problems(settings)


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what is allowed and worth knowing, one sentence each."""
    for found in (
        sums,
        least,
        flag_metrics,
        images,
        audit,
        ingress,
        gateway,
        logs,
        network,
        monitoring,
        production,
        retention,
        edge,
        sdk_keys,
        role,
        cloudnative_pg,
        worlds,
        bucket,
    ):
        yield from found.warnings(settings)
