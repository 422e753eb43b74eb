"""What the rules are about: the parts that a stack has, and the thresholds of its settings."""

from dataclasses import dataclass

from components.settings.sections.monitoring.thresholds import Thresholds


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A stack, as far as its alerts differ from another's.

    Attributes:
        namespace: by which every series is picked.
        thresholds: what is compared with.
        scrape_seconds: how often metrics are scraped.
        targets: the components with metrics (`api`, `database`, …).
        has_redis: whether documents are cached in Redis.
        has_postgres_metrics: whether PostgreSQL has an exporter.
        has_redis_metrics: whether Redis has one.
        has_task_metrics: whether the exporter of flag metrics runs, which knows the queue too.
        has_audit_metrics: whether the audit log is exported.
        has_rollouts: whether rollouts run by themselves.
        rollout_interval_seconds: how often all rollouts are looked at.
        rollout_silence_seconds: for how long a guard may give no answer.
        has_edge: whether proxies of the edge answer SDKs.
        is_edge: whether these are all that the stack has.
        edge_stale_seconds: from which age on the proxies' documents are too old.
        embedded_postgres: whether PostgreSQL is a pod of the stack.
        embedded_redis: whether Redis is one.
        deployments: the names of the Deployments.
        stateful_sets: the names of the StatefulSets.
        is_autoscaled: whether an autoscaler sets the number of API pods.
        is_edge_autoscaled: whether one sets that of the edge's proxies.
        backup_hours: after how many hours the last backup is too old; None without a schedule.
        certificates: the names of cert-manager's Certificates; none where it issues none.
        volumes: the names of the volume claims.
        cluster: the name of the Cluster of CloudNativePG; None without one.
        instances: how many servers it is to have.
        archives: whether their write-ahead log is archived.
    """

    namespace: str
    thresholds: Thresholds
    scrape_seconds: int
    targets: tuple[str, ...]
    has_redis: bool
    has_postgres_metrics: bool
    has_redis_metrics: bool
    has_task_metrics: bool
    has_audit_metrics: bool
    has_rollouts: bool
    rollout_interval_seconds: int
    rollout_silence_seconds: int
    has_edge: bool
    is_edge: bool
    edge_stale_seconds: int
    embedded_postgres: bool
    embedded_redis: bool
    deployments: tuple[str, ...]
    stateful_sets: tuple[str, ...]
    is_autoscaled: bool
    is_edge_autoscaled: bool
    backup_hours: int | None
    certificates: tuple[str, ...]
    volumes: tuple[str, ...]
    cluster: str | None
    instances: int
    archives: bool

    @property
    def short(self) -> str:
        """The shortest window of a rate: it holds two scrapes."""
        return "2m" if self.scrape_seconds <= 60 else "4m"

    @property
    def where(self) -> str:
        """The matcher of the stack's series."""
        return f'namespace="{self.namespace}"'

    @property
    def kubernetes_is_seen(self) -> str:
        """What has a result while kube-state-metrics tells of the namespace."""
        return f"(count(kube_deployment_spec_replicas{{{self.where}}}) > 0)"

    def minutes_unseen(self, minutes: int) -> int:
        """For how long what is not seen must be away: `minutes`, and longer than a Prometheus that starts needs."""
        return max(minutes, -(-2 * self.scrape_seconds // 60))
