"""The dashboards for Grafana."""

from pydantic import Field

from components.settings.base import Section
from components.settings.types import Boolean, LabelValue, ObjectName, OtherNamespace, Port, QualifiedName, Text


class GrafanaService(Section):
    """The Service of a Grafana, for `ff dashboard`."""

    namespace: OtherNamespace = Field(description="Its namespace.")
    service: ObjectName = Field(description="Its name.")
    port: Port = Field(default=80, description="Its port.")


class DashboardsSettings(Section):
    """Dashboards, in ConfigMaps that the sidecar of Grafana's chart finds."""

    enabled: Boolean | None = Field(
        default=None, description="Whether there are dashboards. Default: the value of `monitoring.enabled`."
    )
    labels: dict[QualifiedName, LabelValue] = Field(
        default_factory=lambda: {"grafana_dashboard": "1"}, description="Labels by which the sidecar finds them."
    )
    folder: Text | None = Field(
        default="Feature flags", description="Grafana's folder for them, if the sidecar reads it from an annotation."
    )
    folder_annotation: QualifiedName = Field(
        default="grafana_folder",
        description="The name of that annotation: the chart's `sidecar.dashboards.folderAnnotation`, which is "
        "empty by default.",
    )
    grafana: GrafanaService | None = Field(
        default=None,
        description="The Grafana that `ff dashboard` opens. Default: the one Service of the cluster with the label "
        "`app.kubernetes.io/name: grafana`.",
    )
