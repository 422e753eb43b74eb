"""Whether a server of the data tier is up: what its exporter says, and what vouches for it where that is not seen."""

from components.kit import names
from components.monitoring import external_exporters
from components.monitoring.alerts.missing import held, or_zero
from components.monitoring.alerts.subject import Subject


def postgres_up(subject: Subject) -> str:
    """PromQL: 1 while PostgreSQL answers, else 0."""
    up = f"max(pg_up{{{subject.where}}})"
    if subject.embedded_postgres:
        ready = f'kube_statefulset_status_replicas_ready{{{subject.where},statefulset="{names.POSTGRES}"}}'
        return _beside(up, ready)
    return _apart(subject, up, external_exporters.POSTGRES_COMPONENT, names.POSTGRES_EXPORTER)


def redis_up(subject: Subject) -> str:
    """PromQL: 1 while Redis answers, else 0."""
    up = f"max(redis_up{{{subject.where}}})"
    if subject.embedded_redis:
        ready = f'kube_deployment_status_replicas_ready{{{subject.where},deployment="{names.REDIS}"}}'
        return _beside(up, ready)
    return _apart(subject, up, external_exporters.REDIS_COMPONENT, names.REDIS_EXPORTER)


def _beside(up: str, ready: str) -> str:
    """The exporter goes with the server's pod. Where that is ready and yet not seen, metrics are missing, no server."""
    return or_zero(up, unless=f"(max({ready}) > 0)")


def _apart(subject: Subject, up: str, component: str, deployment: str) -> str:
    """The exporter's end says nothing of the server: what it said last counts for an hour.

    One that runs and answers no scrape in time waits for a server that hangs.
    """
    runs = f'max(kube_deployment_status_replicas_ready{{{subject.where},deployment="{deployment}"}}) > 0'
    hangs = f'(max(up{{{subject.where},component="{component}"}}) == 0 and on () {runs})'
    return held(or_zero(up, provided=hangs), "1h")
