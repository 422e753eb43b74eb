"""What the arguments of several components have in common."""

from components.kit import names
from components.kit.capabilities import API_VERSION, Capabilities
from components.kit.exporters import USER, ServerExporter
from components.kit.scraping import Scraping
from components.settings import Settings
from components.settings.sections.monitoring.exporters import ExporterSettings


def scraping(settings: Settings, capabilities: Capabilities) -> Scraping:
    """How Prometheus finds the pods: by a PodMonitor where the cluster serves that kind."""
    if not settings.monitoring_enabled:
        return Scraping(monitors=False, rules=False, annotates=False)
    served = capabilities.serves(API_VERSION, "PodMonitor")
    rules = capabilities.serves(API_VERSION, "PrometheusRule")
    return Scraping(monitors=served, rules=rules, annotates=not served)


def postgres_exporter(settings: Settings, scraping: Scraping) -> ServerExporter | None:
    """PostgreSQL's exporter, if there is one."""
    return _exporter(settings, settings.postgres_exporter, scraping, "postgres-exporter", names.POSTGRES_METRICS_PORT)


def redis_exporter(settings: Settings, scraping: Scraping) -> ServerExporter | None:
    """Redis' exporter, if there is one."""
    return _exporter(settings, settings.redis_exporter, scraping, "redis-exporter", names.REDIS_METRICS_PORT)


def _exporter(
    settings: Settings, section: ExporterSettings | None, scraping: Scraping, image: str, port: int
) -> ServerExporter | None:
    if section is None:
        return None
    return ServerExporter(
        settings=section,
        image=settings.images[image].reference,
        annotations=scraping.annotations(port),
        user=None if settings.pod_security.chosen_by_cluster else USER,
    )
