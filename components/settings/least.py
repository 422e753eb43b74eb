"""The least memory and CPU with which each container works.

Below, a pod is killed for want of memory, or its probe gives up before it has started: Kubernetes would say so only
after the deployment. They are floors of what works at all, not advice: `size` has that. Limits alone count, since a
container may use more than it is promised.

How each figure was found is in docs/capacity.md; test_least.py compares the two.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from components.settings import connections, pools
from components.settings.model import Settings
from components.settings.quantities import MI
from components.settings.resources import Resources
from components.settings.tuning import PAGE, SHARED_BUFFERS_SHARE, parse_size

# The least that each was seen to take, since a refusal is to be certain: a connection took 3 to 5 MiB, a process of
# Flagsmith's 127 to 138 at work. An idle pod of the API with 3 workers was measured at 563 MB.
SERVER_MEMORY, CONNECTION_MEMORY = 32 * MI, 3 * MI
WORKER_MEMORY, PROCESS_MEMORY = 192 * MI, 128 * MI
TASK_PROCESSOR_MEMORY = 192 * MI
OPERATOR_MEMORY = 32 * MI
REDIS_MEMORY = 8 * MI
EDGE_MEMORY = 64 * MI
EXPORTER_MEMORY = 16 * MI
READER_MEMORY = 32 * MI
ROLLOUTS_MEMORY = 24 * MI
BACKUP_MEMORY = 64 * MI
ARCHIVER_MEMORY = 64 * MI
POOLER_MEMORY = 32 * MI

FLAGSMITH_CPU, SERVER_CPU, SMALL_CPU, EXPORTER_CPU = 100, 50, 20, 10


@dataclass(frozen=True, kw_only=True)
class Least:
    """What one kind of container needs at least.

    Attributes:
        path: the setting with its requests and limits.
        resources: what the stack has there.
        memory: bytes.
        memory_for: what the memory is for, in words that follow the amount, and what to do about it.
        cpu: thousandths of a core.
        cpu_for: the same of the CPU.
    """

    path: tuple[str, ...]
    resources: Resources
    memory: int
    memory_for: str
    cpu: int
    cpu_for: str


def least(settings: Settings) -> Iterator[Least]:
    """Yield what each kind of container that the stack has needs."""
    if settings.edge.enabled or settings.is_edge:
        yield Least(
            path=("edge", "resources"),
            resources=settings.edge_resources,
            memory=EDGE_MEMORY,
            memory_for="for a proxy and one small document: raise it",
            cpu=SERVER_CPU,
            cpu_for="or a proxy takes minutes to start: raise it",
        )
    if settings.edge_metrics_enabled:
        yield _exporter(("monitoring", "edgeMetrics", "resources"), settings.monitoring.edge_metrics.resources)
    if settings.is_edge:
        return
    yield from _flagsmith(settings)
    yield from _data(settings)
    yield from _readers(settings)


def _flagsmith(settings: Settings) -> Iterator[Least]:
    workers = settings.gunicorn_workers
    started = "or a pod and the migration Job are given up before they are done: raise it"
    yield Least(
        path=("resources",),
        resources=settings.api_resources,
        memory=max(workers * WORKER_MEMORY, (1 + workers) * PROCESS_MEMORY),
        memory_for=f"for {workers} gunicorn workers and the process that starts them: raise it, or lower "
        "gunicorn.workers",
        cpu=FLAGSMITH_CPU,
        cpu_for=started,
    )
    yield Least(
        path=("taskProcessor", "resources"),
        resources=settings.task_processor_resources,
        memory=TASK_PROCESSOR_MEMORY,
        memory_for="for the process that does tasks and the one that answers probes: raise it",
        cpu=FLAGSMITH_CPU,
        cpu_for="or a pod is given up before it has started: raise it",
    )


def _data(settings: Settings) -> Iterator[Least]:
    if settings.postgres.is_own:
        yield _server(settings)
    if settings.redis.embedded:
        data = int(settings.redis_max_memory)
        stated = settings.redis.max_memory is not None
        yield Least(
            path=("redis", "resources"),
            resources=settings.redis_resources,
            # Its share of the limit grows with the limit, so a quarter of that is to be enough for the rest.
            memory=data + REDIS_MEMORY if stated else 4 * REDIS_MEMORY,
            memory_for=f"for {data // MI}Mi of data and Redis itself: raise it, or lower redis.maxMemory"
            if stated
            else "for Redis itself beside its data, three quarters of it: raise it",
            cpu=SERVER_CPU,
            cpu_for="or its probes do not end in time: raise it",
        )
    if settings.pooled:
        yield Least(
            path=("postgres", "cluster", "pooler", "resources"),
            resources=settings.postgres.cluster.pooler.resources,
            memory=POOLER_MEMORY,
            memory_for="for PgBouncer and the operator's process that runs it: raise it",
            cpu=SERVER_CPU,
            cpu_for="or its probes do not end in time: raise it",
        )
    if settings.archives:
        yield Least(
            path=("postgres", "cluster", "backup", "resources"),
            resources=settings.postgres.cluster.backup.resources,
            memory=ARCHIVER_MEMORY,
            memory_for="for the plugin's process and the program that sends the log: raise it",
            cpu=SERVER_CPU,
            cpu_for="or the log is archived more slowly than it is written: raise it",
        )


def _server(settings: Settings) -> Least:
    """PostgreSQL: shared buffers, itself, and the connections that are there when the stack has little to do."""
    few = _few(settings)
    buffers = _stated_buffers(settings)
    of = "a quarter of it" if buffers is None else f"{buffers // MI}Mi"
    return Least(
        path=("postgres", "resources"),
        resources=settings.postgres_resources,
        memory=server_memory(settings, few),
        memory_for=f"for {few} connections, as many as there are with little to do, beside the shared buffers ({of}): "
        "raise it, or lower replicas or gunicorn.workers",
        cpu=SERVER_CPU,
        cpu_for="or its probes do not end in time: raise it",
    )


def most_connections(settings: Settings) -> int:
    """How many connections the stack can open to a server of its own."""
    return max(server.needed for server in pools.servers(settings))


def server_memory(settings: Settings, number: int) -> int:
    """The bytes that a PostgreSQL of the stack's own takes with so many connections, shared buffers included."""
    beside = SERVER_MEMORY + number * CONNECTION_MEMORY + settings.postgres.has_cluster * OPERATOR_MEMORY
    buffers = _stated_buffers(settings)
    needed = beside * SHARED_BUFFERS_SHARE // (SHARED_BUFFERS_SHARE - 1) if buffers is None else beside + buffers
    return -(-needed // MI) * MI


def _stated_buffers(settings: Settings) -> int | None:
    stated = settings.postgres.cluster.parameters.get("shared_buffers")
    return None if stated is None else parse_size(stated, plain=PAGE)


def _few(settings: Settings) -> int:
    """One connection of each worker and those of the master, in the fewest pods; and one of each thread for tasks."""
    pod = settings.gunicorn_workers + connections.MASTER_CONNECTIONS
    api = 0 if settings.pooled else settings.resolved_replicas * pod
    return api + settings.task_processor_replicas * settings.task_processor.threads


def _readers(settings: Settings) -> Iterator[Least]:
    """What reads the database for others."""
    if settings.postgres_exporter is not None:
        yield _exporter(("monitoring", "postgres", "resources"), settings.postgres_exporter.resources)
    if settings.redis_exporter is not None:
        yield _exporter(("monitoring", "redis", "resources"), settings.redis_exporter.resources)
    if settings.flag_metrics_enabled:
        yield _reader(("monitoring", "flagMetrics", "resources"), settings.monitoring.flag_metrics.resources)
    if settings.audit_enabled:
        yield _reader(("audit", "resources"), settings.audit.resources)
    if settings.rollouts.enabled:
        yield Least(
            path=("rollouts", "resources"),
            resources=settings.rollouts.resources,
            memory=ROLLOUTS_MEMORY,
            memory_for="for Python and what it keeps of one project: raise it",
            cpu=SMALL_CPU,
            cpu_for="or it is given up before it has started: raise it",
        )
    if settings.backup.enabled:
        yield Least(
            path=("backup", "resources"),
            resources=settings.backup.resources,
            memory=BACKUP_MEMORY,
            memory_for="for the server that a drill starts, and for what sends a dump to a bucket: raise it",
            cpu=SERVER_CPU,
            cpu_for="or a dump takes longer than its Job may: raise it",
        )


def _exporter(path: tuple[str, ...], resources: Resources) -> Least:
    return Least(
        path=path,
        resources=resources,
        memory=EXPORTER_MEMORY,
        memory_for="for an exporter and one scrape: raise it",
        cpu=EXPORTER_CPU,
        cpu_for="or a scrape takes longer than Prometheus waits: raise it",
    )


def _reader(path: tuple[str, ...], resources: Resources) -> Least:
    return Least(
        path=path,
        resources=resources,
        memory=READER_MEMORY,
        memory_for="for Python, the driver and one page of rows: raise it",
        cpu=SMALL_CPU,
        cpu_for="or it is given up before it has started: raise it",
    )
