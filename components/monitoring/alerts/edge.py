"""The edge. It has no metrics of its own: kube-state-metrics tells how many of its pods are ready, so have documents.

How old the documents are is in no metric: a proxy stays ready with old ones, as it is to.
"""

from collections.abc import Iterator

from components.kit import names
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
