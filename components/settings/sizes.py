"""The table of sizes, from the sizing guide of Flagsmith's vendor (read at 2.265.0) and from what was measured.

| size | the vendor's API pods | its autoscaler | the vendor's database | task processor |
|---|---|---|---|---|
| small | 2 of 1 CPU / 2 GB | 2 to 5 | 2 CPU / 8 GB | 1 |
| medium | 4 to 6 of 1 / 2 | 4 to 15 | 4 / 16 GB | 1 to 2 |
| large | 10 to 15 of 1 / 2 | 6 to 25 | 8 / 32 GB | 2 |
| xlarge | 20 to 30 of 2 / 4 | 10 to 50 | 16 / 64 GB | 2 to 4 |

The vendor's figures are the limits here, and half of the CPU is requested, since the vendor's pods are meant to run at
60 %. There are never fewer than 3 API replicas, one a zone. The memory of PostgreSQL is requested in full: a database
must not be the pod that is evicted when a node runs short.

A server of a Cluster has what the embedded one has. There is a pooler from `medium` on: below, the API's own
connections are fewer than a server takes.

`local` fits in 1.5 CPU and 3 GiB of requests in all, also during a rolling update: 4 API pods of 576Mi, the task
processor 384Mi, PostgreSQL 256Mi and Redis 64Mi make 3008Mi. An idle API pod with 3 workers was measured at 563 MB, so
one with 2 workers takes about 400.

A proxy of the edge is one process, which uses one core at most. Idle with one small environment it took 64 MB; its
memory is that of the environments' documents, several times over while they are read.
"""

from dataclasses import dataclass

from components.settings.resources import Amount, Resources
from components.settings.sections.size import SizeName


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one size sets; every value can be overridden by a setting of its own.

    Attributes:
        replicas: API pods, without an autoscaler.
        autoscaling: the fewest and the most API pods of an autoscaler.
        api: requests and limits of an API container.
        task_processor_replicas: task processor pods.
        task_processor: requests and limits of a task processor container.
        postgres: requests and limits of the embedded PostgreSQL.
        max_connections: of a PostgreSQL of the stack's own.
        instances: servers of a Cluster of CloudNativePG; two survive the loss of one, and three go on waiting for a
            standby meanwhile.
        wal_storage: the volume of each one's write-ahead log; None for none of its own.
        poolers: PgBouncer's pods; 0 for none.
        redis: requests and limits of the embedded Redis.
        edge_replicas: proxies of the edge, without an autoscaler.
        edge_autoscaling: the fewest and the most proxies of an autoscaler.
        edge: requests and limits of a proxy.
    """

    replicas: int
    autoscaling: tuple[int, int]
    api: Resources
    task_processor_replicas: int
    task_processor: Resources
    postgres: Resources
    max_connections: int
    instances: int
    wal_storage: str | None
    poolers: int
    redis: Resources
    edge_replicas: int
    edge_autoscaling: tuple[int, int]
    edge: Resources


def _resources(cpu: tuple[str, str], memory: tuple[str, str]) -> Resources:
    return Resources(requests=Amount(cpu=cpu[0], memory=memory[0]), limits=Amount(cpu=cpu[1], memory=memory[1]))


SIZES: dict[SizeName, Size] = {
    "local": Size(
        replicas=3,
        autoscaling=(3, 5),
        api=_resources(("200m", "1"), ("576Mi", "1Gi")),
        task_processor_replicas=1,
        task_processor=_resources(("150m", "500m"), ("384Mi", "768Mi")),
        postgres=_resources(("250m", "1"), ("256Mi", "512Mi")),
        max_connections=80,
        instances=1,
        wal_storage=None,
        poolers=0,
        redis=_resources(("50m", "250m"), ("64Mi", "128Mi")),
        edge_replicas=2,
        edge_autoscaling=(2, 4),
        edge=_resources(("50m", "500m"), ("128Mi", "256Mi")),
    ),
    "small": Size(
        replicas=3,
        autoscaling=(3, 5),
        api=_resources(("500m", "1"), ("1Gi", "2Gi")),
        task_processor_replicas=1,
        task_processor=_resources(("250m", "1"), ("512Mi", "1Gi")),
        postgres=_resources(("1", "2"), ("8Gi", "8Gi")),
        max_connections=100,
        instances=2,
        wal_storage="10Gi",
        poolers=0,
        redis=_resources(("100m", "500m"), ("256Mi", "256Mi")),
        edge_replicas=2,
        edge_autoscaling=(2, 5),
        edge=_resources(("250m", "1"), ("256Mi", "512Mi")),
    ),
    "medium": Size(
        replicas=5,
        autoscaling=(4, 15),
        api=_resources(("500m", "1"), ("1Gi", "2Gi")),
        task_processor_replicas=2,
        task_processor=_resources(("250m", "1"), ("512Mi", "1Gi")),
        postgres=_resources(("2", "4"), ("16Gi", "16Gi")),
        max_connections=160,
        instances=3,
        wal_storage="20Gi",
        poolers=2,
        redis=_resources(("250m", "1"), ("512Mi", "512Mi")),
        edge_replicas=3,
        edge_autoscaling=(3, 10),
        edge=_resources(("500m", "1"), ("256Mi", "512Mi")),
    ),
    "large": Size(
        replicas=12,
        autoscaling=(6, 25),
        api=_resources(("500m", "1"), ("1Gi", "2Gi")),
        task_processor_replicas=2,
        task_processor=_resources(("500m", "1"), ("1Gi", "2Gi")),
        postgres=_resources(("4", "8"), ("32Gi", "32Gi")),
        max_connections=220,
        instances=3,
        wal_storage="40Gi",
        poolers=3,
        redis=_resources(("500m", "1"), ("1Gi", "1Gi")),
        edge_replicas=6,
        edge_autoscaling=(4, 20),
        edge=_resources(("500m", "1"), ("512Mi", "1Gi")),
    ),
    "xlarge": Size(
        replicas=24,
        autoscaling=(10, 50),
        api=_resources(("1", "2"), ("2Gi", "4Gi")),
        task_processor_replicas=4,
        task_processor=_resources(("500m", "1"), ("1Gi", "2Gi")),
        postgres=_resources(("8", "16"), ("64Gi", "64Gi")),
        max_connections=420,
        instances=3,
        wal_storage="80Gi",
        poolers=4,
        redis=_resources(("1", "2"), ("2Gi", "2Gi")),
        edge_replicas=12,
        edge_autoscaling=(6, 40),
        edge=_resources(("500m", "1"), ("512Mi", "1Gi")),
    ),
}
