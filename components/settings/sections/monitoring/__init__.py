"""Monitoring: exporters, what Prometheus is told, alerts."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.sections.monitoring.dashboards import DashboardsSettings
from components.settings.sections.monitoring.edge_metrics import EdgeMetricsSettings
from components.settings.sections.monitoring.exporters import PostgresExporter, RedisExporter
from components.settings.sections.monitoring.flag_metrics import FlagMetricsSettings
from components.settings.sections.monitoring.thresholds import Thresholds
from components.settings.types import Boolean, Kind, LabelValue, QualifiedName, Text, WholeNumber


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s#]+", value):
        raise ValueError("must be the address of a page, such as https://wiki.example.com/flagsmith, without #")
    return value


PageUrl = Annotated[Text, AfterValidator(_url), Kind("URL")]
# Prometheus gives a scrape 10 s, so that a shorter interval would overlap with itself.
ScrapeInterval = Annotated[WholeNumber, Field(ge=10, le=120), Kind("seconds, 10 to 120")]


class MonitoringSettings(Section):
    """Metrics and alerts, for a Prometheus that you already have."""

    enabled: Boolean | None = Field(
        default=None,
        description="Whether there are exporters, monitors and alerts. Default: the value of `production`.",
    )
    labels: dict[QualifiedName, LabelValue] = Field(
        default_factory=lambda: {"release": "kube-prometheus-stack"},
        description="Labels by which the Prometheus operator finds monitors and rules. Default: what the chart "
        "kube-prometheus-stack looks for if its release has that name.",
    )
    interval: ScrapeInterval = Field(default=30, description="How often metrics are scraped.")
    runbook_url: PageUrl = Field(
        default="https://github.com/footanalytics/feature-flags/blob/main/docs/runbook.md",
        description="The page that alerts and dashboards link to: docs/runbook.md, or a copy with the same headings.",
    )
    thresholds: Thresholds = Field(default_factory=Thresholds, description="What the alerts compare with.")
    postgres: PostgresExporter = Field(default_factory=PostgresExporter, description="PostgreSQL's exporter.")
    redis: RedisExporter = Field(default_factory=RedisExporter, description="Redis' exporter.")
    dashboards: DashboardsSettings = Field(default_factory=DashboardsSettings, description="Dashboards for Grafana.")
    flag_metrics: FlagMetricsSettings = Field(
        default_factory=FlagMetricsSettings, description="Metrics of what Flagsmith keeps in PostgreSQL."
    )
    edge_metrics: EdgeMetricsSettings = Field(
        default_factory=EdgeMetricsSettings, description="Metrics of the age of the edge's documents."
    )
