"""The edge. It has no metrics of its own: kube-state-metrics tells how many of its pods are ready, so have documents.

A proxy stays ready with old ones, as it is to. An exporter asks each for their age.
"""

from collections.abc import Iterator

from components.kit import names
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the edge. That its Deployment is gone, `FlagsmithReplicasMissing` tells."""
    if not subject.has_edge:
        return
    runbook = "25-the-edge-has-too-few-proxies-or-old-documents"
    series = f'kube_deployment_status_replicas_available{{{subject.where},deployment="{names.EDGE}"}}'
    available = f"max by (deployment) ({series})"
    yield Alert(
        name="FlagsmithEdgeDown",
        expression=f"{available} == 0",
        minutes=2,
        severity="critical",
        summary="No proxy of the edge has documents.",
        description="The Deployment {{ $labels.deployment }} has no available pod: no flags are served by the public "
        "name.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithEdgeNotWarm",
        expression=f"{available} < {subject.thresholds.edge_proxies}",
        minutes=5,
        severity="warning",
        summary="Few proxies of the edge have documents.",
        description="Proxies of the edge with documents: {{ $value }}. If these are lost while Flagsmith is away, no "
        "new one can answer.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithEdgeStale",
        expression=f"time() - min(flagsmith_edge_last_update_timestamp_seconds{{{subject.where}}}) "
        f"> {subject.edge_stale_seconds}",
        minutes=2,
        severity="warning",
        summary="The edge answers with old flags.",
        description="A proxy of the edge last had the documents of all environments {{ $value | humanizeDuration }} "
        "ago: what was changed since does not show, and a proxy that starts may have nothing to answer with.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithEdgeMetricsBlind",
        expression=f"{or_zero(f'max(flagsmith_edge_metrics_up{{{subject.where}}})')} == 0",
        minutes=15,
        severity="warning",
        summary="Nobody knows how old the documents of the edge are.",
        description="The exporter of the edge's metrics is gone, finds no proxy that is ready, or one does not answer "
        "it: no alert can see whether its documents are old.",
        runbook=runbook,
    )
