"""The exporter of the age of the edge's documents."""

from pydantic import Field

from components.settings.base import Section
from components.settings.resources import Resources

EDGE_METRICS_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
)


class EdgeMetricsSettings(Section):
    """The exporter of when the edge's proxies last had their documents, which runs with `edge.enabled`."""

    resources: Resources = Field(default=EDGE_METRICS_RESOURCES, description="Requests and limits.")
