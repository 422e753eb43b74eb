"""Sums over the whole stack: what its pods take together."""

from dataclasses import dataclass

from components.settings.beside import beside
from components.settings.connections import SURGE, api_surge
from components.settings.model import Settings
from components.settings.quantities import format_cpu, format_memory, parse_cpu, parse_memory
from components.settings.resources import Amount, Resources
from components.settings.rollouts import surge

# The migration Job and the bootstrap Job; the Jobs of the database's roles run before, after or with one of them.
JOBS = 2
# The trial of their volume, the nightly one, and one of each kind that `ff db` starts: list, restore, drill.
BACKUP_JOBS = 5
# What runs at the same time as the last container of a Job: the dump beside what stores it; what fetches and what
# unpacks beside a restore, and beside a drill.
BESIDE_BACKUP_JOBS = 5
# What stops a run-away, and leaves room for claims that are none of the stack's.
CLAIMS = 10
# cert-manager's solver of a challenge, and the one before on its way out (cert-manager 1.21, pkg/issuer/acme/http: the
# defaults of --acme-http01-solver-resource-*).
SOLVERS = 2
SOLVER = Resources(requests=Amount(cpu="10m", memory="64Mi"), limits=Amount(cpu="100m", memory="64Mi"))


@dataclass(frozen=True, kw_only=True)
class Demand:
    """One kind of pod, or a container beside those of another kind: how many at most, and what each takes."""

    name: str
    pods: int
    resources: Resources
    is_sidecar: bool = False


def demands(settings: Settings) -> list[Demand]:
    """Return every kind of pod with its largest number: all rolling updates and Jobs at once, and what others make."""
    edge = Demand(name="edge", pods=_rolling(settings.most_edge_replicas), resources=settings.edge_resources)
    if settings.is_edge:
        return [edge, *_edge_metrics(settings), *_others(settings)]
    found = [
        Demand(name="API", pods=settings.most_replicas + api_surge(settings), resources=settings.api_resources),
        Demand(
            name="task processor",
            pods=_rolling(settings.task_processor_replicas),
            resources=settings.task_processor_resources,
        ),
        Demand(name="Jobs", pods=JOBS, resources=settings.job_resources),
    ]
    if settings.edge.enabled:
        found += [edge, *_edge_metrics(settings)]
    if settings.backup.enabled:
        found += [
            Demand(name="backup", pods=BACKUP_JOBS, resources=settings.backup.resources),
            Demand(
                name="beside a backup Job",
                pods=BESIDE_BACKUP_JOBS,
                resources=settings.backup.resources,
                is_sidecar=True,
            ),
        ]
    if settings.audit_enabled:
        # The reader, and the exporter, whose old pod is gone before the new one starts.
        pods = 1 + settings.audit.export.enabled
        found.append(Demand(name="audit", pods=pods, resources=settings.audit.resources))
    if settings.flag_metrics_enabled:
        found.append(Demand(name="flag metrics", pods=1, resources=settings.monitoring.flag_metrics.resources))
    if settings.rollouts.enabled:
        # Its old pod is gone before the new one starts; the Job of its log-in runs after the bootstrap.
        found.append(Demand(name="rollouts", pods=1, resources=settings.rollouts.resources))
    if settings.postgres.has_embedded:
        found.append(Demand(name="PostgreSQL", pods=1, resources=settings.postgres_resources))
    if not settings.postgres.embedded:
        found.append(Demand(name="toolbox", pods=1, resources=settings.job_resources))
    if settings.postgres.has_cluster:
        found += _cluster(settings)
    if settings.postgres.moves:
        found.append(Demand(name="move", pods=1, resources=settings.job_resources))
    if settings.redis.embedded:
        found.append(Demand(name="Redis", pods=1 + SURGE, resources=settings.redis_resources))
    return [*found, *_exporters(settings), *_others(settings)]


def _rolling(replicas: int) -> int:
    """The most pods of a rolling update."""
    return replicas + surge(replicas)


def _edge_metrics(settings: Settings) -> list[Demand]:
    """The exporter of the edge's metrics, whose old pod is gone before the new one starts."""
    if not settings.edge_metrics_enabled:
        return []
    return [Demand(name="edge metrics", pods=1, resources=settings.monitoring.edge_metrics.resources)]


def _cluster(settings: Settings) -> list[Demand]:
    """The servers of a Cluster, a Job that makes one of them anew, and what is before and beside them."""
    cluster = settings.postgres.cluster
    # Old Clusters that are kept are taken to have as many.
    servers = (settings.instances + SURGE) * (1 + len(cluster.kept)) + _drilled(settings)
    found = [Demand(name="PostgreSQL", pods=servers, resources=settings.postgres_resources)]
    if cluster.backup.enabled:
        found.append(
            Demand(name="WAL archiver", pods=servers, resources=cluster.backup.resources, is_sidecar=True),
        )
    if settings.pooled:
        found.append(Demand(name="pooler", pods=settings.poolers + SURGE, resources=cluster.pooler.resources))
    return found


def _drilled(settings: Settings) -> int:
    """The server that a drill recovers a base backup into."""
    return int(settings.archives)


def _others(settings: Settings) -> list[Demand]:
    """What is not of the stack and has to have room: solvers, and somebody who looks at the copy of a pod."""
    limits = settings.namespace.limit_range
    debugger = Resources(requests=limits.default_request, limits=limits.default)
    solvers = (
        [Demand(name="ACME solver", pods=SOLVERS, resources=SOLVER)]
        if settings.ingress.enabled or settings.gateway.issued
        else []
    )
    copied = settings.edge_resources if settings.is_edge else settings.api_resources
    return [
        *solvers,
        Demand(name="copy for kubectl debug", pods=1, resources=copied),
        Demand(name="container of kubectl debug", pods=1, resources=debugger, is_sidecar=True),
    ]


def _exporters(settings: Settings) -> list[Demand]:
    found = []
    if settings.postgres_exporter is not None:
        embedded = settings.postgres.embedded
        found.append(
            Demand(
                name="PostgreSQL exporter",
                pods=1 if embedded else 1 + SURGE,
                resources=settings.postgres_exporter.resources,
                is_sidecar=embedded,
            )
        )
    if settings.redis_exporter is not None:
        resources = settings.redis_exporter.resources
        found.append(
            Demand(name="Redis exporter", pods=1 + SURGE, resources=resources, is_sidecar=settings.redis.embedded)
        )
    return found


def need(settings: Settings) -> dict[str, int]:
    """Return what all pods take together, by the quota's names: millicores, bytes and numbers."""
    total = {"requests.cpu": 0, "requests.memory": 0, "limits.cpu": 0, "limits.memory": 0, "pods": 0}
    for demand in demands(settings):
        for kind, amount in (("requests", demand.resources.requests), ("limits", demand.resources.limits)):
            total[f"{kind}.cpu"] += demand.pods * parse_cpu(amount.cpu)
            total[f"{kind}.memory"] += demand.pods * parse_memory(amount.memory)
        total["pods"] += 0 if demand.is_sidecar else demand.pods
    return {**total, "persistentvolumeclaims": len(_claims(settings))}


def _claims(settings: Settings) -> list[str]:
    if settings.is_edge:
        return []
    backups = settings.backup.enabled and settings.backup.s3 is None
    # A server that is made anew gets its volumes before the old ones are gone.
    clusters = 1 + len(settings.postgres.cluster.kept)
    several = (settings.instances + SURGE) * clusters + _drilled(settings)
    with_log = settings if settings.postgres.clustered else beside(settings) or settings
    volumes = 2 if with_log.wal_storage is not None else 1
    servers = several * volumes * settings.postgres.has_cluster + settings.postgres.has_embedded
    kept, tried = ["backups"] * backups, ["drill"] * settings.backup.enabled
    return [*["PostgreSQL"] * servers, *kept, *tried]


def need_sum(settings: Settings, name: str) -> str:
    """Spell out the sum of `need` for one of the quota's names."""
    if name == "persistentvolumeclaims":
        claims = _claims(settings)
        return " + ".join(f"{claims.count(claim)} {claim}" for claim in dict.fromkeys(claims))
    kind, _, resource = name.partition(".")
    if not resource:
        return " + ".join(f"{demand.pods} {demand.name}" for demand in demands(settings) if not demand.is_sidecar)
    return " + ".join(
        f"{demand.pods} x {getattr(getattr(demand.resources, kind), resource)} {demand.name}"
        for demand in demands(settings)
    )


def format_amount(name: str, amount: int) -> str:
    """Write an amount of one of the quota's names as Kubernetes does."""
    if name.endswith(".cpu"):
        return format_cpu(amount)
    return format_memory(amount) if name.endswith(".memory") else str(amount)


def quota(settings: Settings) -> dict[str, str]:
    """Return the `hard` bounds of the ResourceQuota; none when it is switched off.

    They are those that are set, and for the rest what no change of size can run into.

    A bound derived from the size would be lowered before the pods of the larger size are gone, and then keep the
    database from being restarted: CPU and memory are bounded only where the operator says how much.

    No bound on NodePorts: cert-manager's solver has one for each challenge of HTTP-01, and a number does not tell it
    from others. What they lead to is closed by the network policies.
    """
    chosen = settings.namespace.quota
    if not chosen.enabled:
        return {}
    stated = {
        "requests.cpu": chosen.requests_cpu,
        "requests.memory": chosen.requests_memory,
        "limits.cpu": chosen.limits_cpu,
        "limits.memory": chosen.limits_memory,
    }
    return {
        **{name: amount for name, amount in stated.items() if amount is not None},
        "pods": str(chosen.pods),
        "persistentvolumeclaims": str(chosen.persistent_volume_claims or max(CLAIMS, len(_claims(settings)))),
        "services.loadbalancers": "0",
    }
