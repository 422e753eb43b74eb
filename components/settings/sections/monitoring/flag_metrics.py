"""The exporter of what Flagsmith keeps in PostgreSQL."""

from typing import Annotated

from pydantic import Field

from components.settings.base import Section
from components.settings.references import DatabaseUrlSecret
from components.settings.resources import Resources
from components.settings.types import Boolean, Kind, Seconds, WholeNumber

FLAG_METRICS_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "192Mi"}}
)


class FlagMetricsSettings(Section):
    """The exporter of what Flagsmith keeps in PostgreSQL: evaluations, adoption, rollouts, the queue of tasks."""

    enabled: Boolean | None = Field(
        default=None,
        description="Whether the exporter runs. Default: the value of `monitoring.enabled`; with an external "
        "database only if `existingSecret` is set.",
    )
    interval: Seconds = Field(
        default=60, description="Seconds between two collections; expensive metrics are collected every fifth time."
    )
    sample: Annotated[WholeNumber, Field(ge=0, le=5000), Kind("whole number, 0 to 5000")] = Field(
        default=500,
        description="How many identities of each environment are sampled to measure the adoption of features; 0 "
        "turns this off.",
    )
    existing_secret: DatabaseUrlSecret | None = Field(
        default=None,
        description="An existing Secret with the key `DATABASE_URL` of a role that may read what "
        "`components/postgres/in_pod/grants-analytics.sql` grants. Default: `flagsmith-analytics`, "
        "made for the embedded database.",
    )
    resources: Resources = Field(default=FLAG_METRICS_RESOURCES, description="Requests and limits.")
