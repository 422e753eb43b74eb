"""From a load to a size, by pure functions: what it takes, and the settings that say so."""

import math
from typing import Any, Final

from components.settings import Settings, parse, pools
from components.settings.analytics import KeptDays, analytics_disk
from components.settings.quantities import GI, parse_cpu
from components.settings.sections.size import SizeName
from components.settings.sizes import SIZES, Size
from flagops.commands.capacity import figures
from flagops.commands.capacity.load import Load, LoadRequests, reported_flags, requests, weight
from flagops.commands.capacity.model import Capacity, CapacityDisk, EdgeInstead, Need
from flagops.errors import BadInputError

ORDER: Final[tuple[SizeName, ...]] = ("small", "medium", "large", "xlarge")
LEAST_STORAGE: Final = 20
"""GiB, the default of `postgres.storage.size`."""
BY_NAME: Final[dict[str, Size]] = {str(name): size for name, size in SIZES.items()}
STORAGE_STEP: Final = 10
# Dead rows until VACUUM, the write-ahead log, and a copy while an index is built.
STORAGE_HEADROOM: Final = 2
AUDIT_YEARS: Final = 5
# Only to ask the settings' own sums: none of these is part of the answer.
ANYTHING: Final[dict[str, object]] = {
    "host": "flags.example.com",
    "context": "any",
    "ingress": {"enabled": False},
}
PLENTY_OF_CONNECTIONS: Final = 1_000_000
MOST_PODS: Final = 500
"""Ten times as many as the vendor's largest size; the figures say nothing of so many."""
MOST_STORAGE: Final = 64 * 1024
"""GiB; the largest volumes of the large clouds."""


def capacity(load: Load) -> Capacity:
    """Compute what a load takes."""
    asked = requests(load)
    alone = _need(load, asked)
    edge = _edge(load, asked, alone)
    need = edge.need if load.edge else alone
    _refuse(need.replicas, "pods of the API")
    if load.edge:
        _refuse(edge.proxies, "proxies of the edge")
    chosen, found, disk = _settled(load, need, edge)
    (server, *_) = pools.servers(found)
    resources = found.postgres_resources.limits
    return Capacity(
        requests=asked,
        need=need,
        need_alone=alone,
        workers=found.gunicorn_workers,
        threads=found.gunicorn_threads,
        task_processors=found.task_processor_replicas,
        connections=server.needed,
        max_connections=found.max_connections or 0,
        postgres_cpu=resources.cpu,
        postgres_memory=resources.memory,
        servers=found.instances if found.postgres.clustered else 1,
        disk=disk,
        edge=edge,
        settings=chosen,
        notes=_notes(load, need),
    )


def _refuse(pods: int, what: str) -> None:
    if pods > MOST_PODS:
        raise BadInputError(
            f"This load takes {pods:,} {what}, and {MOST_PODS} is the most that the figures cover.",
            hint="Check the numbers. If they are right: several Flagsmiths, or --edge, or fewer polls.",
        )


def _need(load: Load, asked: LoadRequests) -> Need:
    heavier = weight(load, figures.API_FEW, figures.API_MANY)
    document = weight(load, figures.API_FEW, figures.API_MANY, with_identities=True)
    uncached = heavier * (
        asked.posts * figures.IDENTITIES_POST.core_seconds + asked.reports * figures.UNCACHED.core_seconds
    )
    cores = (
        uncached
        + heavier * asked.gets * figures.IDENTITIES_GET.core_seconds
        + document * asked.documents * figures.DOCUMENT.core_seconds
    )
    return _smallest(cores, uncached * figures.DATABASE_SHARE, asked.posts)


def _smallest(cores: float, database_cores: float, posts: float) -> Need:
    """The first size whose pods and database are enough; the last one with as many pods as it takes."""
    for place, name in enumerate(ORDER):
        size, is_last = SIZES[name], name == ORDER[-1]
        replicas = max(size.replicas, _pods(size, cores))
        # Beyond as many pods as the next size begins with, that size's larger pods and database are the answer.
        most = size.autoscaling[1] if is_last else min(size.autoscaling[1], SIZES[ORDER[place + 1]].replicas)
        fits = (
            replicas <= most
            and figures.DATABASE_HEADROOM * database_cores * 1000 <= parse_cpu(size.postgres.limits.cpu)
            and posts <= figures.BANDS.get(name, math.inf)
        )
        if fits or is_last:
            break
    return Need(size=name, replicas=replicas, cores=cores, database_cores=database_cores, is_beyond=not fits)


def _pods(size: Size, cores: float) -> int:
    return math.ceil(figures.HEADROOM * cores * 1000 / parse_cpu(size.api.limits.cpu))


def _edge(load: Load, asked: LoadRequests, need: Need) -> EdgeInstead:
    heavier = weight(load, figures.EDGE_FEW, figures.EDGE_MANY, with_identities=True)
    busy = heavier * (asked.gets / figures.EDGE_GET.value + asked.posts / figures.EDGE_POST.value)
    proxies = max(BY_NAME[need.size].edge_replicas, math.ceil(figures.HEADROOM * busy))
    polls = proxies * load.environments / _poll_seconds()
    left = _need(load, LoadRequests(gets=0, posts=0, documents=asked.documents + polls, reports=asked.reports))
    saved = need.replicas * _cpu(need.size) - left.replicas * _cpu(left.size)
    taken = proxies * parse_cpu(BY_NAME[need.size].edge.limits.cpu)
    return EdgeInstead(pays=saved > taken, proxies=proxies, need=left)


def _cpu(size: str) -> int:
    return parse_cpu(BY_NAME[size].api.limits.cpu)


def _poll_seconds() -> int:
    return parse(ANYTHING).edge.poll_seconds


def _settled(load: Load, need: Need, edge: EdgeInstead) -> tuple[dict[str, Any], Settings, CapacityDisk]:
    """The settings to copy, what they resolve to, and the disk: the settings' own sums say what they need."""
    chosen: dict[str, Any] = {"size": need.size}
    if need.replicas != BY_NAME[need.size].replicas:
        chosen["replicas"] = need.replicas
    postgres: dict[str, Any] = {"mode": "cloudnativepg"} if load.availability == "high" else {}
    retention: dict[str, Any] = {"reportedFlags": max(1, reported_flags(load))}
    if load.raw_days != Load.raw_days:
        retention["rawAnalyticsDays"] = load.raw_days
    roomy = parse({**ANYTHING, **chosen, "postgres": {**postgres, "maxConnections": PLENTY_OF_CONNECTIONS}})
    (server, *_) = pools.servers(roomy)
    if server.needed > BY_NAME[need.size].max_connections:
        postgres["maxConnections"] = STORAGE_STEP * math.ceil(server.needed / STORAGE_STEP)
    disk = _disk(load, roomy)
    if disk.storage > MOST_STORAGE:
        raise BadInputError(
            f"This takes a volume of {disk.storage:,} GiB, and {MOST_STORAGE:,} is the most.",
            hint="Lower --raw-days, or look at --flags, --environments, --users, --traits and --changes-per-day again.",
        )
    if disk.storage > LEAST_STORAGE:
        postgres["storage"] = {"size": f"{disk.storage}Gi"}
    chosen |= ({"postgres": postgres} if postgres else {}) | {"retention": retention}
    if load.edge:
        chosen["edge"] = {"enabled": True, "replicas": edge.proxies}
    return chosen, parse({**ANYTHING, **chosen}), disk


def _disk(load: Load, settings: Settings) -> CapacityDisk:
    kept = settings.retention
    found = analytics_disk(
        processes=settings.most_replicas * settings.gunicorn_workers,
        flags=reported_flags(load),
        environments=load.environments,
        kept=KeptDays(raw=load.raw_days, bucketed=kept.bucketed_analytics_days, tasks=kept.task_days),
    )
    identities = load.users * (figures.IDENTITY_BYTES + load.traits * figures.TRAIT_BYTES)
    audit = load.changes_per_day * 365 * AUDIT_YEARS * figures.AUDIT_BYTES
    needed = STORAGE_HEADROOM * (found.total + identities + audit)
    steps = math.ceil(needed / (STORAGE_STEP * GI))
    return CapacityDisk(
        raw_rows_a_day=found.rows_a_day,
        raw=found.raw,
        bucketed=found.bucketed,
        tasks=found.tasks,
        identities=identities,
        audit=audit,
        storage=max(LEAST_STORAGE, STORAGE_STEP * steps),
    )


def _notes(load: Load, need: Need) -> tuple[str, ...]:
    found = [
        (
            "Computed from figures of one machine of two cores, with twice the busiest hour as headroom: rough. "
            "docs/capacity.md says how to measure your own."
        )
    ]
    if need.is_beyond:
        found.append(
            "This is more than the largest size was made for: measure before you rely on it, and let the edge answer "
            "what it can."
        )
    if load.flags > figures.FLAGS or load.segments > figures.MANY_SEGMENTS:
        found.append(
            f"More than {figures.FLAGS} flags or {figures.MANY_SEGMENTS} segments were not measured: taken in "
            "proportion."
        )
    if load.segment_overrides + load.identity_overrides > figures.MANY_OVERRIDES:
        found.append(f"More than {figures.MANY_OVERRIDES} overrides were not measured: taken in proportion.")
    if load.identity_overrides:
        found.append("Overrides for identities were not measured: taken as those for segments.")
    if load.reporting_clients:
        found.append("Reports of evaluations were not measured: taken as requests for flags that no cache answers.")
    if (load.browsers or load.identities_per_day) and not load.users and not load.edge:
        found.append("Stored users are not counted in the disk, and are kept for ever: say how many with --users.")
    if load.edge:
        found.append("The edge stores no users and no traits: applications send all of a user's each time.")
    found.append("PostgreSQL's part of a request, its disk's operations and Redis were not measured apart.")
    return tuple(found)
