"""Who may talk to whom, by the settings: the table of docs/network.md, which a test compares with the policies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pulumi

from components.exposure.ingress import CLOSED_PORT
from components.kit import names
from components.network.cluster import cluster_flows, database_flows
from components.network.ends import (
    API,
    AUDIT,
    AUDIT_EXPORTER,
    BACKUP,
    BOOTSTRAP,
    CACHE,
    CLUSTER_SERVERS,
    DATABASE,
    EDGE,
    EDGE_METRICS,
    FLAG_METRICS,
    MIGRATION,
    MOVE,
    POOLERS,
    POSTGRES_EXPORTER,
    REDIS_EXPORTER,
    ROLES,
    ROLLOUTS,
    ROLLOUTS_LOGIN,
    SOLVER,
    SOLVER_PORT,
    TASK_PROCESSOR,
    TOOLBOX,
    addresses,
    behind,
    called,
    outside,
)
from components.network.moved import moved_flows
from components.network.policies import Flow, NetworkPoliciesArgs, Outside, Pods, Port, flow, in_namespace
from components.settings import Settings
from components.settings.sections.network_policy import Dns
from components.settings.ways import ways

SERVERS: Final = (API, TASK_PROCESSOR)
# Who calls which service; the users of the database and of the caches depend on more settings.
CALLERS: Final[Mapping[str, tuple[Pods, ...]]] = {
    # The API sends mails that reset a password; all others come from the task processor.
    "smtp": SERVERS,
    "tracing": SERVERS,
    "login": (API,),
    # Sent when the database was migrated, and never else (Flagsmith 2.265.0, telemetry/apps.py).
    "telemetry": (MIGRATION,),
    "s3": (BACKUP,),
    "audit": (AUDIT_EXPORTER,),
    "prometheus": (ROLLOUTS,),
    "primary": (EDGE,),
}


def network_policies_args(settings: Settings, namespace: pulumi.Input[str]) -> NetworkPoliciesArgs:
    """The network policies."""
    if settings.is_edge:
        flows = [*_edge_entrances(settings), *_edge_metrics(settings), *_services(settings)]
    else:
        flows = [
            *_entrances(settings),
            *_monitoring(settings),
            *_data(settings),
            *cluster_flows(settings),
            *moved_flows(settings, _database_users),
            *_edge(settings),
            *_edge_metrics(settings),
            *_rollouts(settings),
            *_services(settings),
        ]
    flows += _names(flows, settings.network_policy.dns)
    return NetworkPoliciesArgs(namespace=namespace, flows=flows, absent=[*_absent(settings)])


def _absent(settings: Settings) -> Iterator[Pods]:
    """What the stack has not, or no more: what is switched off goes last, after the pods that know it are replaced."""
    if not settings.redis.embedded:
        yield CACHE
    if not settings.pooled:
        yield POOLERS


def _entrance(settings: Settings) -> list[Outside]:
    """The ingress controller, or what leads here in its place."""
    network = settings.network_policy
    return _way_in(network.ingress_namespace, network.ingress_pod_labels, network.ingress_cidrs)


def _data_plane(settings: Settings) -> list[Outside]:
    """What carries the Gateway's traffic."""
    network = settings.network_policy
    return _way_in(network.gateway_namespace, network.gateway_pod_labels, network.gateway_cidrs)


def _way_in(namespace: str | None, labels: Mapping[str, str], cidrs: Sequence[str]) -> list[Outside]:
    """Pods of a namespace, and addresses."""
    return [*([] if namespace is None else [in_namespace(namespace, labels)]), *addresses(cidrs)]


def _entrances(settings: Settings) -> Iterator[Flow]:
    """Who calls Flagsmith."""
    network, entrance = settings.network_policy, _entrance(settings)
    if not settings.ingress.enabled:
        yield flow(entrance, API, names.API_PORT)
    else:
        # The closed port too, which refuses at once: cut off, each visit of /metrics would keep the controller waiting.
        yield flow(entrance, API, names.API_PORT, CLOSED_PORT)
        if settings.issued_certificates:
            yield flow(entrance, SOLVER, SOLVER_PORT)
    if settings.gateway.enabled:
        yield from _gateway(settings)
    yield flow(outside(network.clients), API, names.API_PORT)


def _gateway(settings: Settings) -> Iterator[Flow]:
    """What carries the Gateway's traffic. `/metrics` leads nowhere there, not to a closed port."""
    data_plane = _data_plane(settings)
    yield flow(data_plane, API, names.API_PORT)
    if settings.issued_certificates:
        yield flow(data_plane, SOLVER, SOLVER_PORT)


def _prometheus(settings: Settings) -> list[Outside]:
    network = settings.network_policy
    return [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]


def _monitoring(settings: Settings) -> Iterator[Flow]:
    """Prometheus."""
    monitoring = _prometheus(settings)
    for pods in SERVERS:
        yield flow(monitoring, pods, names.METRICS_PORT)
    if settings.ships_audit:
        yield flow(monitoring, AUDIT_EXPORTER, names.AUDIT_METRICS_PORT)
    if settings.flag_metrics_enabled:
        yield flow(monitoring, FLAG_METRICS, names.FLAG_METRICS_PORT)
    if settings.postgres_exporter is not None:
        pods = DATABASE if settings.postgres.embedded else POSTGRES_EXPORTER
        yield flow(monitoring, pods, names.POSTGRES_METRICS_PORT)
    if settings.redis_exporter is not None:
        pods = CACHE if settings.redis.embedded else REDIS_EXPORTER
        yield flow(monitoring, pods, names.REDIS_METRICS_PORT)


def _database_users(settings: Settings) -> Iterator[Pods]:
    yield from (*SERVERS, MIGRATION, BOOTSTRAP)
    if settings.rollouts.enabled:
        yield ROLLOUTS_LOGIN
    if settings.postgres.moves:
        yield MOVE
    if settings.backup.enabled:
        yield BACKUP
    if settings.audit_enabled:
        yield AUDIT
    if settings.ships_audit:
        yield AUDIT_EXPORTER
    if settings.flag_metrics_enabled:
        yield FLAG_METRICS
    if settings.postgres.is_own:
        yield ROLES
    if not settings.postgres.embedded:
        yield TOOLBOX
    if settings.postgres_exporter is not None and not settings.postgres.embedded:
        yield POSTGRES_EXPORTER


def _data(settings: Settings) -> Iterator[Flow]:
    """The database and the caches of the stack itself."""
    yield from database_flows(settings, _database_users(settings))
    # Also where there is none: one that is switched off is asked until the pods are replaced that know it.
    for pods in SERVERS:
        yield flow(pods, CACHE, names.REDIS_PORT)


def _edge(settings: Settings) -> Iterator[Flow]:
    """Who calls the edge, which gives whole environments to whoever may, and where it gets them."""
    if not settings.edge.enabled:
        return
    yield _callers_of_edge(settings)
    yield flow(EDGE, API, names.API_PORT)


def _callers_of_edge(settings: Settings) -> Flow:
    ways = [*_entrance(settings), *(_data_plane(settings) if settings.gateway.enabled else ())]
    return flow([*ways, *outside(settings.edge.clients)], EDGE, names.EDGE_PORT)


def _edge_entrances(settings: Settings) -> Iterator[Flow]:
    """Who calls an edge that is alone."""
    yield _callers_of_edge(settings)
    entrance, solves = _entrance(settings), bool(settings.issued_certificates)
    if settings.ingress.enabled:
        # As for the API's: what is not published leads to a port of the proxies' pods that refuses at once.
        yield flow(entrance, EDGE, CLOSED_PORT)
        if solves:
            yield flow(entrance, SOLVER, SOLVER_PORT)
    if settings.gateway.enabled and solves:
        yield flow(_data_plane(settings), SOLVER, SOLVER_PORT)


def _edge_metrics(settings: Settings) -> Iterator[Flow]:
    """Who asks the proxies how old their documents are, and who asks that one."""
    if settings.edge_metrics_enabled:
        yield flow(_prometheus(settings), EDGE_METRICS, names.EDGE_METRICS_PORT)
        yield flow(EDGE_METRICS, EDGE, names.EDGE_PORT)


def _rollouts(settings: Settings) -> Iterator[Flow]:
    """What runs rollouts: it asks Flagsmith, and no database. Whom its guards ask is among the services."""
    if settings.rollouts.enabled:
        yield flow(ROLLOUTS, API, names.API_PORT)
        yield flow(_prometheus(settings), ROLLOUTS, names.ROLLOUTS_PORT)


def _users_of_another_cache(settings: Settings) -> tuple[Pods, ...]:
    return (*SERVERS, REDIS_EXPORTER) if settings.redis_exporter is not None else SERVERS


def _services(settings: Settings) -> Iterator[Flow]:
    """What the stack calls outside of it."""
    closed = settings.network_policy.closed
    users = {"postgres": tuple(_database_users(settings)), "redis": _users_of_another_cache(settings), **CALLERS}
    if settings.archives:
        dumps = CALLERS["s3"] if settings.backup.enabled else ()
        users["s3"] = (*dumps, CLUSTER_SERVERS)
    for way in ways(settings):
        for pods in users[way.service]:
            yield flow(pods, behind(way, closed), way.port)
    # The API tries webhooks, and asks integrations for what its pages show; the task processor sends.
    for receiver in settings.network_policy.webhooks:
        for pods in SERVERS:
            yield flow(pods, called([receiver], closed), *receiver.ports)


def _names(flows: Iterable[Flow], dns: Dns) -> Iterator[Flow]:
    """Whoever calls somebody asks for its name first."""
    server = [in_namespace(dns.namespace, dns.pod_labels), *addresses(dns.addresses)]
    ports = [Port(number=dns.port, protocol=protocol) for protocol in ("UDP", "TCP")]
    for pods in {way.source.name: way.source for way in flows if isinstance(way.source, Pods)}.values():
        yield Flow(source=pods, destination=server, ports=ports)
