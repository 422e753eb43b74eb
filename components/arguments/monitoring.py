"""The arguments of monitoring: how metrics are found, the exporters."""

from collections.abc import Iterator

import pulumi

from components import metadata
from components.alerts import groups
from components.arguments.alerts import alert_subject
from components.arguments.shared import placement
from components.capabilities import Capabilities
from components.exporters import Exporter
from components.external_exporters import ExternalExportersArgs, ExternalServer
from components.monitoring import API_VERSION, MonitoringArgs
from components.scraping import Scraping
from components.settings import SecretKeyReference, Settings
from components.settings.monitoring import ExporterSection


def scraping(settings: Settings, capabilities: Capabilities) -> Scraping:
    """How Prometheus finds the pods: by a PodMonitor where the cluster serves that kind."""
    if not settings.monitoring_enabled:
        return Scraping(monitors=False, rules=False, annotates=False)
    served = capabilities.serves(API_VERSION, "PodMonitor")
    rules = capabilities.serves(API_VERSION, "PrometheusRule")
    return Scraping(monitors=served, rules=rules, annotates=not served)


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


def postgres_exporter(settings: Settings, scraping: Scraping) -> Exporter | None:
    """PostgreSQL's exporter, if there is one."""
    section = settings.postgres_exporter
    if section is None:
        return None
    return Exporter(
        image=settings.images["postgres-exporter"].reference,
        resources=section.resources,
        annotations=scraping.annotations(metadata.POSTGRES_METRICS_PORT),
    )


def redis_exporter(settings: Settings, scraping: Scraping) -> Exporter | None:
    """Redis' exporter, if there is one."""
    section = settings.redis_exporter
    if section is None:
        return None
    return Exporter(
        image=settings.images["redis-exporter"].reference,
        resources=section.resources,
        annotations=scraping.annotations(metadata.REDIS_METRICS_PORT),
    )


def external_exporters_args(
    settings: Settings, namespace: pulumi.Input[str], scraping: Scraping
) -> ExternalExportersArgs:
    """The exporters of what is outside the cluster."""
    sections = settings.monitoring
    postgres, redis = postgres_exporter(settings, scraping), redis_exporter(settings, scraping)
    return ExternalExportersArgs(
        namespace=namespace,
        postgres=_server(postgres, sections.postgres, settings.postgres.ca_secret),
        sslmode=settings.postgres.resolved_sslmode or "require",
        redis=_server(redis, sections.redis, settings.redis.ca_secret),
        placement=placement(settings),
    )


def _server(
    exporter: Exporter | None, section: ExporterSection, ca: SecretKeyReference | None
) -> ExternalServer | None:
    # Only an external server's exporter has a Secret.
    if exporter is None or section.existing_secret is None:
        return None
    return ExternalServer(exporter=exporter, version=section.version, secret=section.existing_secret, ca=ca)


def monitoring_args(settings: Settings, namespace: pulumi.Input[str], scraping: Scraping) -> MonitoringArgs:
    """The PodMonitor and the alerts."""
    return MonitoringArgs(
        namespace=namespace,
        labels=settings.monitoring.labels,
        interval_seconds=settings.monitoring.interval if scraping.monitors else None,
        groups=groups(alert_subject(settings)) if scraping.rules else [],
        runbook_url=settings.monitoring.runbook_url,
    )
