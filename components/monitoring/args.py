"""The arguments of monitoring: how metrics are found, the exporters."""

from collections.abc import Iterator

import pulumi

from components.kit import names
from components.kit.args import postgres_exporter, redis_exporter
from components.kit.capabilities import API_VERSION, Capabilities
from components.kit.scraping import Scraping
from components.monitoring.alerts import groups
from components.monitoring.alerts.args import alert_subject
from components.monitoring.external_exporters import ExternalExportersArgs
from components.monitoring.monitoring import MonitoringArgs
from components.secrets.secrets import Credentials
from components.settings import Settings


def unserved(settings: Settings, capabilities: Capabilities) -> Iterator[tuple[str, str, str]]:
    """What of monitoring the cluster cannot have: API version, kind, and what there is instead."""
    if not settings.monitoring_enabled:
        return
    instead = {
        "PodMonitor": "the pods carry prometheus.io annotations instead",
        "PrometheusRule": "there are no alerts",
    }
    for kind, text in instead.items():
        if not capabilities.serves(API_VERSION, kind):
            yield API_VERSION, kind, text


def monitoring_warnings(settings: Settings, capabilities: Capabilities) -> Iterator[str]:
    """What of monitoring the cluster cannot have, what there is instead, and how to get it."""
    how = (
        "Install the Prometheus operator, for example with the chart kube-prometheus-stack, and run `ff up` again; or "
        "set monitoring.enabled to false"
    )
    for api_version, kind, text in unserved(settings, capabilities):
        yield f"The cluster does not serve {kind} of {api_version}: {text}. {how}"


def external_exporters_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, scraping: Scraping
) -> ExternalExportersArgs:
    """The exporters of servers that have none beside them."""
    return ExternalExportersArgs(
        settings=settings,
        namespace=namespace,
        postgres=None if settings.postgres.embedded else postgres_exporter(settings, scraping),
        redis=None if settings.redis.embedded else redis_exporter(settings, scraping),
        metrics=credentials.metrics,
    )


def monitoring_args(settings: Settings, namespace: pulumi.Input[str], scraping: Scraping) -> MonitoringArgs:
    """The PodMonitor and the alerts."""
    return MonitoringArgs(
        settings=settings.monitoring,
        namespace=namespace,
        scraping=scraping,
        groups=groups(alert_subject(settings)) if scraping.rules else [],
        others=_of_operators(settings),
    )


def _of_operators(settings: Settings) -> dict[str, dict[str, str]]:
    if not settings.postgres.clustered:
        return {}
    cluster = settings.postgres.cluster.name
    found = {cluster: {names.CNPG_CLUSTER: cluster, names.CNPG_ROLE: "instance"}}
    pooler = names.pooler(cluster)
    return {**found, pooler: {names.CNPG_POOLER: pooler}} if settings.pooled else found
