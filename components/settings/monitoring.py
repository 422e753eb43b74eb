"""What an operator sees of the stack."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.dashboards import Dashboards
from components.settings.thresholds import Thresholds
from components.settings.types import Boolean, Kind, Seconds, SecretName, Text, WholeNumber
from components.settings.workload import Resources


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s#]+", value):
        raise ValueError("must be the address of a page, such as https://wiki.example.com/flagsmith, without #")
    return value


PageUrl = Annotated[Text, AfterValidator(_url), Kind("URL")]
FLAG_METRICS_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "192Mi"}}
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
        "`components/scripts/grants-analytics.sql` says. Default: `flagsmith-analytics`, made for the embedded "
        "database.",
    )
    resources: Resources = Field(default=FLAG_METRICS_RESOURCES, description="Requests and limits.")


class Monitoring(Section):
    """What an operator sees of the stack."""

    enabled: Boolean | None = Field(default=None, description="Whether the stack is monitored. Default: `production`.")
    runbook_url: PageUrl = Field(
        default="https://github.com/footanalytics/feature-flags/blob/main/docs/runbook.md",
        description="The page that alerts and dashboards link to; a copy of docs/runbook.md with the same headings.",
    )
    thresholds: Thresholds = Field(default_factory=Thresholds, description="What the alerts compare with.")
    dashboards: Dashboards = Field(default_factory=Dashboards, description="Dashboards for Grafana.")
    flag_metrics: FlagMetrics = Field(
        default_factory=FlagMetrics, description="Metrics of what Flagsmith keeps in PostgreSQL."
    )
