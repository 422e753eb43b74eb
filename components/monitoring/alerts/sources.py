"""Metrics that are missing: the rules that stand on them see nothing, and each says so once, here."""

from collections.abc import Iterator

from components.monitoring.alerts import certificates, data_tier
from components.monitoring.alerts.missing import or_zero
from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of what gives metrics: the stack's own pods, kube-state-metrics, the kubelet, and cert-manager."""
    where = subject.where
    for component in subject.targets:
        up = f'max(up{{{where},component="{component}"}})'
        # None at all is one alert, some of several another; both for as long as a rollout takes and longer.
        yield _missing(
            "".join(word.capitalize() for word in component.split("-")),
            f"{or_zero(up)} == 0",
            of=component,
            description=f"No pod of {component} gave Prometheus metrics for 10 minutes: other alerts cannot see it.",
        )
    if subject.cluster is not None and subject.instances > 1:
        servers = f'{where},pod=~"{subject.cluster}-[0-9]+"'
        yield _missing(
            "Servers",
            f"absent(max({data_tier.STREAMING}{{{servers}}}))",
            of="the servers of the Cluster",
            description="No server of the Cluster gave Prometheus metrics for 10 minutes: the alerts on its standbys "
            "cannot see them.",
        )
    yield _missing(
        "KubeStateMetrics",
        f"absent(max(kube_deployment_spec_replicas{{{where}}}))",
        of="kube-state-metrics",
        description="kube-state-metrics told nothing of the namespace for 10 minutes: the alerts on pods, Jobs and "
        "backups cannot see it.",
    )
    yield _missing(
        "Kubelet",
        f"absent(max(container_cpu_usage_seconds_total{{{where}}}))",
        of="the kubelet",
        description="No kubelet told of a container of the namespace for 10 minutes: the alerts on CPU, memory and "
        "volumes cannot see them.",
    )
    if subject.certificates:
        yield _missing(
            "CertManager",
            f"absent(max({certificates.CLOCK}))",
            of="cert-manager",
            description="cert-manager told nothing for 10 minutes: the alerts on the certificate cannot see it.",
        )


def _missing(name: str, expression: str, of: str, description: str) -> Alert:
    return Alert(
        name=f"FlagsmithMetricsMissing{name}",
        expression=expression,
        minutes=10,
        severity="warning",
        summary=f"There are no metrics of {of}.",
        description=description,
        runbook="16-metrics-are-missing",
    )
