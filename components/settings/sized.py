"""What the size decides: replicas, resources, processes and memory, each unless the stack says otherwise."""

from components.settings.fields import SettingsFields
from components.settings.quantities import format_cpu, parse_cpu, parse_memory
from components.settings.resources import Resources
from components.settings.sections.postgres.cluster import Durability
from components.settings.sections.redis import parse_redis_memory
from components.settings.sizes import SIZES, Size
from components.settings.tuning import postgres_parameters, replication_parameters

# More workers than cores cost tail latency, and fewer than two leave a pod deaf while one request is slow.
MIN_WORKERS = 2
# One may go at any time.
MIN_POOLERS = 2
# Redis needs room for its clients' buffers and for fragmentation above its data.
REDIS_DATA_SHARE = 0.75

POLLS_MISSED = 6
"""After so many polls that brought nothing the documents of a proxy are old."""


def _share(resources: Resources, percent: int) -> str:
    """So much of the limit of CPU."""
    return format_cpu(parse_cpu(resources.limits.cpu) * percent // 100)


class SizedSettings(SettingsFields):
    """The settings, with what follows from `size`."""

    @property
    def is_edge(self) -> bool:
        """Whether the stack is the edge alone, of a Flagsmith that is elsewhere."""
        return self.role == "edge"

    @property
    def monitoring_enabled(self) -> bool:
        """Whether the stack is monitored: by default, one that people's work depends on."""
        return self.production if self.monitoring.enabled is None else self.monitoring.enabled

    @property
    def watches_data(self) -> bool:
        """Whether the database and the cache are monitored, which an edge alone has none of."""
        return self.monitoring_enabled and not self.is_edge

    @property
    def edge_metrics_enabled(self) -> bool:
        """Whether an exporter asks the proxies of the edge how old their documents are."""
        return self.edge.enabled and self.monitoring_enabled

    @property
    def edge_is_held_apart(self) -> bool:
        """Whether a proxy of the edge waits rather than that all are on one node.

        Kubernetes counts a node without room among those that have none of them. So the fewest of an autoscaler would
        cap, node by node, what it adds: with one, this is for somebody to ask for.
        """
        if self.edge.spread is None:
            return self.production and not self.edge.autoscaling.enabled
        return self.edge.spread == "required"

    @property
    def edge_stale_seconds(self) -> int:
        """From which age on a proxy's documents count as stale: when some polls in a row have brought none."""
        return max(self.monitoring.thresholds.edge_stale_seconds, POLLS_MISSED * self.edge.poll_seconds)

    @property
    def size_defaults(self) -> Size:
        """The row of the table of sizes."""
        return SIZES[self.size]

    @property
    def resolved_replicas(self) -> int:
        """Number of API pods; with an autoscaler, the fewest."""
        if self.autoscaling.enabled:
            return self.autoscaling.min_replicas or self.size_defaults.autoscaling[0]
        return self.replicas or self.size_defaults.replicas

    @property
    def most_replicas(self) -> int:
        """Number of API pods; with an autoscaler, the most."""
        if self.autoscaling.enabled:
            return self.autoscaling.max_replicas or self.size_defaults.autoscaling[1]
        return self.resolved_replicas

    @property
    def target_cpu(self) -> str:
        """The CPU that an API pod is to use on average: a share of its limit.

        The vendor means the share of a whole pod, of which only half is requested here.
        """
        return _share(self.api_resources, self.autoscaling.target_cpu)

    @property
    def edge_target_cpu(self) -> str:
        """The CPU that a proxy of the edge is to use on average: a share of its limit."""
        return _share(self.edge_resources, self.edge.autoscaling.target_cpu)

    @property
    def api_resources(self) -> Resources:
        """Requests and limits of an API container."""
        return self.resources or self.size_defaults.api

    @property
    def job_resources(self) -> Resources:
        """Requests and limits of the container of a migration or bootstrap Job: the API's, whose code it runs."""
        return self.api_resources

    @property
    def gunicorn_workers(self) -> int:
        """Worker processes of an API pod: by default the whole cores of its CPU limit, at least 2."""
        return self.gunicorn.workers or max(MIN_WORKERS, parse_cpu(self.api_resources.limits.cpu) // 1000)

    @property
    def gunicorn_threads(self) -> int:
        """Threads of a worker: by default 2, the fewest that work; more cost tail latency."""
        return self.gunicorn.threads or 2

    @property
    def task_processor_replicas(self) -> int:
        """Number of task processor pods."""
        return self.task_processor.replicas or self.size_defaults.task_processor_replicas

    @property
    def task_processor_resources(self) -> Resources:
        """Requests and limits of a task processor container."""
        return self.task_processor.resources or self.size_defaults.task_processor

    @property
    def postgres_resources(self) -> Resources:
        """Requests and limits of a PostgreSQL of the stack's own."""
        return self.postgres.resources or self.size_defaults.postgres

    @property
    def max_connections(self) -> int | None:
        """Connections that PostgreSQL takes; None for an external one whose limit is not stated."""
        if self.postgres.is_own:
            return self.postgres.max_connections or self.size_defaults.max_connections
        return self.postgres.max_connections

    @property
    def postgres_parameters(self) -> dict[str, str]:
        """Parameters of a PostgreSQL of the stack's own, from its memory and disk; empty for an external one."""
        connections = self.max_connections
        if not self.postgres.is_own or connections is None:
            return {}
        storage = parse_memory(self.wal_storage or self.postgres.storage.size)
        derived = postgres_parameters(parse_memory(self.postgres_resources.limits.memory), connections, storage)
        if self.postgres.clustered:
            derived |= replication_parameters(storage, log_alone=self.wal_storage is not None)
        return {**derived, **self.postgres.cluster.parameters}

    @property
    def instances(self) -> int:
        """Number of servers of a Cluster."""
        return self.postgres.cluster.instances or self.size_defaults.instances

    @property
    def wal_storage(self) -> str | None:
        """The size of the volume of each server's write-ahead log in a Cluster; None where it has none of its own."""
        stated = self.postgres.cluster.wal_storage
        if not self.postgres.clustered or stated.enabled is False:
            return None
        default = self.size_defaults.wal_storage
        if stated.enabled or stated.size is not None:
            return stated.size or default or self.postgres.storage.size
        return default

    @property
    def synchronous(self) -> bool:
        """Whether standbys are waited for."""
        stated = self.postgres.cluster.synchronous.enabled
        return self.instances > 1 if stated is None else stated

    @property
    def durability(self) -> Durability:
        """Whether nothing is written while too few standbys are there."""
        stated = self.postgres.cluster.synchronous
        spare = self.instances - 1 - stated.number
        return stated.data_durability or ("required" if spare > 0 else "preferred")

    @property
    def pooled(self) -> bool:
        """Whether the API reaches the database by a pooler; with one it does not go on from a standby."""
        stated = self.postgres.cluster.pooler.enabled
        wanted = self.size_defaults.poolers > 0 and not self.reads_replicas if stated is None else stated
        return self.postgres.clustered and wanted

    @property
    def reads_replicas(self) -> bool:
        """Whether the API reads from a Cluster's standbys too."""
        return self.postgres.clustered and self.postgres.cluster.read_replicas

    @property
    def poolers(self) -> int:
        """Number of poolers, where there are any."""
        return self.postgres.cluster.pooler.instances or self.size_defaults.poolers or MIN_POOLERS

    @property
    def uses_s3(self) -> bool:
        """Whether backups are put into a bucket: dumps, or a Cluster's."""
        return self.backup.s3 is not None and (self.backup.enabled or self.archives)

    @property
    def archives(self) -> bool:
        """Whether a Cluster's write-ahead log is archived, and base backups of it are made."""
        return self.postgres.clustered and self.postgres.cluster.backup.enabled

    @property
    def backup_storage(self) -> str:
        """Room for backups."""
        return self.backup.storage.size or self.postgres.storage.size

    @property
    def scratch_storage(self) -> str:
        """Room for the database that a drill makes of a backup: by default as much as the live one has."""
        usual = self.backup_storage if self.postgres.mode == "external" else self.postgres.storage.size
        return self.backup.scratch.size or usual

    @property
    def redis_resources(self) -> Resources:
        """Requests and limits of the embedded Redis."""
        return self.redis.resources or self.size_defaults.redis

    @property
    def edge_replicas(self) -> int:
        """Number of proxies of the edge; with an autoscaler, the fewest."""
        if self.edge.autoscaling.enabled:
            return self.edge.autoscaling.min_replicas or self.size_defaults.edge_autoscaling[0]
        return self.edge.replicas or self.size_defaults.edge_replicas

    @property
    def most_edge_replicas(self) -> int:
        """Number of proxies of the edge; with an autoscaler, the most."""
        if self.edge.autoscaling.enabled:
            return self.edge.autoscaling.max_replicas or self.size_defaults.edge_autoscaling[1]
        return self.edge_replicas

    @property
    def edge_resources(self) -> Resources:
        """Requests and limits of a proxy of the edge."""
        return self.edge.resources or self.size_defaults.edge

    @property
    def redis_max_memory(self) -> str:
        """Bound on the data of the embedded Redis, in bytes: by default 75 % of its memory limit."""
        if self.redis.max_memory is not None:
            return str(parse_redis_memory(self.redis.max_memory))
        return str(int(parse_memory(self.redis_resources.limits.memory) * REDIS_DATA_SHARE))
