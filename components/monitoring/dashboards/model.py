"""What the dashboards are called, and what they show of a stack: known without the library that builds them."""

from dataclasses import dataclass
from enum import StrEnum

from components.kit import names
from components.kit.digests import short_digest
from components.settings.sections.monitoring.thresholds import Thresholds


class Dashboard(StrEnum):
    """Which there are."""

    SERVICE = "service"
    DATA = "data"
    FLAGS = "flags"


TITLES = {
    Dashboard.SERVICE: "Flagsmith service",
    Dashboard.DATA: "Flagsmith data tier",
    Dashboard.FLAGS: "Flagsmith flags",
}


def uid(dashboard: Dashboard, namespace: str) -> str:
    """What Grafana knows it by, for ever, at most 40 characters; of two stacks in one cluster, each has its own."""
    return f"flagsmith-{dashboard}-{short_digest(namespace)}"


def config_map_name(dashboard: Dashboard) -> str:
    """The ConfigMap it is in."""
    return f"{names.DASHBOARD}-{dashboard}"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the dashboards show of the stack.

    Attributes:
        namespace: the stack's, with which they open.
        thresholds: where the alerts fire, and lines turn red.
        runbook_url: the page that tells what to do.
        backup_max_age_hours: after how many hours the last backup is too old; None without backups.
        embedded_postgres: whether PostgreSQL's pod and volume are the stack's.
        postgres_metrics: whether PostgreSQL has an exporter.
        redis_metrics: whether Redis has one.
        flag_metrics: whether the flag metrics have one.
        audit_export: whether the audit log is exported.
        rollouts: whether rollouts run by themselves.
        edge: whether proxies answer SDKs.
        edge_stale_seconds: from which age on their documents are too old; None where nobody asks them.
        cluster: the name of the Cluster of CloudNativePG; None without one.
        instances: how many servers it is to have.
        archives: whether their write-ahead log is archived.
    """

    namespace: str
    thresholds: Thresholds
    runbook_url: str
    backup_max_age_hours: int | None
    embedded_postgres: bool
    postgres_metrics: bool
    redis_metrics: bool
    flag_metrics: bool
    audit_export: bool
    rollouts: bool
    edge: bool
    edge_stale_seconds: int | None
    cluster: str | None
    instances: int
    archives: bool

    def wanted(self) -> tuple[Dashboard, ...]:
        """Those that would not be empty."""
        served = self.postgres_metrics or self.redis_metrics
        data = served or self.embedded_postgres or self.cluster is not None or self.audit_export
        present = {Dashboard.SERVICE: True, Dashboard.DATA: data, Dashboard.FLAGS: self.flag_metrics}
        return tuple(dashboard for dashboard in Dashboard if present[dashboard])
