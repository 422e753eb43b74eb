"""Monitoring: exporters, what Prometheus is told, alerts."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings import default_images
from components.settings.base import Section
from components.settings.sections.dashboards import Dashboards
from components.settings.sections.postgres import Image
from components.settings.sections.thresholds import Thresholds
from components.settings.types import (
    Boolean,
    Kind,
    LabelValue,
    QualifiedName,
    Seconds,
    SecretName,
    Text,
    WholeNumber,
)
from components.settings.workload import Resources


def _tag(value: str) -> str:
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[a-z0-9.]+)?", value):
        raise ValueError("must be an image's tag with a version, such as v0.17.1")
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s#]+", value):
        raise ValueError("must be the address of a page, such as https://wiki.example.com/flagsmith, without #")
    return value


ExporterVersion = Annotated[Text, AfterValidator(_tag), Kind("image tag")]
PageUrl = Annotated[Text, AfterValidator(_url), Kind("URL")]
# Prometheus gives a scrape 10 s, so that a shorter interval would overlap with itself.
Interval = Annotated[WholeNumber, Field(ge=10, le=120), Kind("seconds, 10 to 120")]
EXPORTER_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
)


FLAG_METRICS_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "192Mi"}}
)


class ExporterSection(Section):
    """What the sections of both exporters have, by name."""

    image: Image
    version: ExporterVersion
    resources: Resources = Field(default=EXPORTER_RESOURCES, description="Requests and limits.")
    existing_secret: SecretName | None


class PostgresExporter(ExporterSection):
    """The exporter of PostgreSQL's metrics: beside the embedded server, or by itself for an external one."""

    image: Image = Field(default=default_images.POSTGRES_EXPORTER, description="The image.")
    version: ExporterVersion = Field(default=default_images.POSTGRES_EXPORTER_TAG, description="The image's tag.")
    existing_secret: SecretName | None = Field(
        default=None,
        description="External database only. Name of an existing Secret whose key `DATABASE_URL` logs in a user with "
        "the role `pg_monitor`; without it, the database has no metrics.",
    )


class RedisExporter(ExporterSection):
    """The exporter of Redis' metrics: beside the embedded server, or by itself for an external one."""

    image: Image = Field(default=default_images.REDIS_EXPORTER, description="The image.")
    version: ExporterVersion = Field(default=default_images.REDIS_EXPORTER_TAG, description="The image's tag.")
    existing_secret: SecretName | None = Field(
        default=None,
        description="External Redis only. Name of an existing Secret whose key `REDIS_URL` logs in a user that may "
        "`INFO`; without it, Redis has no metrics.",
    )


class FlagMetrics(Section):
    """The exporter of what Flagsmith keeps in PostgreSQL: evaluations, adoption, rollouts, the queue of tasks."""

    enabled: Boolean | None = Field(
        default=None,
        description="Whether it runs. Default: `monitoring.enabled`; with an external database only with "
        "`existingSecret`.",
    )
    interval: Seconds = Field(
        default=60, description="Seconds between two collections; what costs more is collected at every fifth."
    )
    sample: Annotated[WholeNumber, Field(ge=0, le=5000), Kind("whole number, 0 to 5000")] = Field(
        default=500,
        description="On how many identities of an environment the adoption of features is found; 0 leaves it out.",
    )
    existing_secret: SecretName | None = Field(
        default=None,
        description="Name of an existing Secret with the key `DATABASE_URL` of a role that may read what "
        "`components/postgres/in_pod/grants-analytics.sql` says. Default: `flagsmith-analytics`, made for the embedded "
        "database.",
    )
    resources: Resources = Field(default=FLAG_METRICS_RESOURCES, description="Requests and limits.")


class Monitoring(Section):
    """Metrics and alerts, for a Prometheus that you already have."""

    enabled: Boolean | None = Field(
        default=None, description="Whether there are exporters, monitors and alerts. Default: `production`."
    )
    labels: dict[QualifiedName, LabelValue] = Field(
        default_factory=lambda: {"release": "kube-prometheus-stack"},
        description="Labels by which the Prometheus operator finds monitors and rules. "
        "Default: what the chart kube-prometheus-stack looks for when it is installed by that name.",
    )
    interval: Interval = Field(default=30, description="How often metrics are scraped.")
    runbook_url: PageUrl = Field(
        default="https://github.com/footanalytics/feature-flags/blob/main/docs/runbook.md",
        description="The page that alerts and dashboards link to; a copy of docs/runbook.md with the same headings.",
    )
    thresholds: Thresholds = Field(default_factory=Thresholds, description="What the alerts compare with.")
    postgres: PostgresExporter = Field(default_factory=PostgresExporter, description="PostgreSQL's exporter.")
    redis: RedisExporter = Field(default_factory=RedisExporter, description="Redis' exporter.")
    dashboards: Dashboards = Field(default_factory=Dashboards, description="Dashboards for Grafana.")
    flag_metrics: FlagMetrics = Field(
        default_factory=FlagMetrics, description="Metrics of what Flagsmith keeps in PostgreSQL."
    )
