"""The arguments of monitoring: how metrics are found, the exporters."""

from collections.abc import Iterator

import pulumi

from components.kit.args import placement, postgres_exporter, redis_exporter
from components.kit.capabilities import API_VERSION, Capabilities
from components.kit.exporters import ServerExporter
from components.kit.scraping import Scraping
from components.monitoring.alerts import groups
from components.monitoring.alerts.args import alert_subject
from components.monitoring.external_exporters import ExternalExportersArgs, ExternalServer
from components.monitoring.monitoring import MonitoringArgs
from components.settings import SecretKeyReference, Settings
from components.settings.sections.monitoring.exporters import ExporterSettings


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
    exporter: ServerExporter | None, section: ExporterSettings, ca: SecretKeyReference | None
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
