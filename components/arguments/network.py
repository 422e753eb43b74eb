"""Who may talk to whom, by the settings: the table of docs/network.md, which a test compares with the policies."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pulumi

from components import metadata
from components.arguments.network_ends import (
    ANYWHERE,
    API,
    AUDIT,
    AUDIT_EXPORTER,
    BACKUP,
    BOOTSTRAP,
    CACHE,
    DATABASE,
    FLAG_METRICS,
    INTERNET,
    MIGRATION,
    POSTGRES_EXPORTER,
    REDIS_EXPORTER,
    ROLES,
    SOLVER,
    SOLVER_PORT,
    TASK_PROCESSOR,
    TOOLBOX,
    addresses,
    behind,
    outside,
    place,
)
from components.ingress import CLOSED_PORT
from components.network_policies import Flow, NetworkPoliciesArgs, Outside, Pods, Port, in_namespace
from components.settings import Settings
from components.settings.network import Dns, Outgoing

SERVERS: Final = (API, TASK_PROCESSOR)
HTTPS: Final = 443
WEB_PORTS: Final = {"http": 80, "https": HTTPS}
# Without a port, gRPC takes the one of HTTPS, whatever the scheme.
GRPC_PORTS: Final = {"http": HTTPS, "https": HTTPS}


def network_policies_args(settings: Settings, namespace: pulumi.Input[str]) -> NetworkPoliciesArgs:
    """The network policies."""
    flows = [*_entrances(settings), *_monitoring(settings), *_data(settings), *_services(settings)]
    return NetworkPoliciesArgs(namespace=namespace, flows=[*flows, *_names(flows, settings.network_policy.dns)])


def _flow(source: Pods | Sequence[Outside], destination: Pods | Sequence[Outside], *ports: int) -> Flow:
    return Flow(source=source, destination=destination, ports=[Port(number=port) for port in ports])


def _leaving(source: Pods, stated: Outgoing, port: int, default: Sequence[Outside] = ANYWHERE) -> Flow:
    return _flow(source, outside(stated.to) or default, stated.port or port)


def _entrances(settings: Settings) -> Iterator[Flow]:
    """Who calls Flagsmith."""
    network = settings.network_policy
    entrance = addresses(network.ingress_cidrs)
    if network.ingress_namespace is not None:
        entrance.insert(0, in_namespace(network.ingress_namespace, network.ingress_pod_labels))
    if not settings.ingress.enabled:
        yield _flow(entrance, API, metadata.API_PORT)
    else:
        # The closed port too, which refuses at once: cut off, each visit of /metrics would keep the controller waiting.
        yield _flow(entrance, API, metadata.API_PORT, CLOSED_PORT)
        if settings.ingress.issued:
            yield _flow(entrance, SOLVER, SOLVER_PORT)
    yield _flow(outside(network.clients), API, metadata.API_PORT)


def _monitoring(settings: Settings) -> Iterator[Flow]:
    """Prometheus."""
    network = settings.network_policy
    monitoring = [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]
    for pods in SERVERS:
        yield _flow(monitoring, pods, metadata.METRICS_PORT)
    if _ships_audit(settings):
        yield _flow(monitoring, AUDIT_EXPORTER, metadata.AUDIT_METRICS_PORT)
    if settings.flag_metrics_enabled:
        yield _flow(monitoring, FLAG_METRICS, metadata.FLAG_METRICS_PORT)
    if settings.postgres_exporter is not None:
        pods = DATABASE if settings.postgres.embedded else POSTGRES_EXPORTER
        yield _flow(monitoring, pods, metadata.POSTGRES_METRICS_PORT)
    if settings.redis_exporter is not None:
        pods = CACHE if settings.redis.embedded else REDIS_EXPORTER
        yield _flow(monitoring, pods, metadata.REDIS_METRICS_PORT)


def _ships_audit(settings: Settings) -> bool:
    return settings.audit_enabled and settings.audit.export.enabled


def _database_users(settings: Settings) -> Iterator[Pods]:
    yield from (*SERVERS, MIGRATION, BOOTSTRAP)
    if settings.backup.enabled:
        yield BACKUP
    if settings.audit_enabled:
        yield AUDIT
    if _ships_audit(settings):
        yield AUDIT_EXPORTER
    if settings.flag_metrics_enabled:
        yield FLAG_METRICS
    yield ROLES if settings.postgres.embedded else TOOLBOX
    if settings.postgres_exporter is not None and not settings.postgres.embedded:
        yield POSTGRES_EXPORTER


def _cache_users(settings: Settings) -> Iterator[Pods]:
    yield from SERVERS
    if settings.redis_exporter is not None and not settings.redis.embedded:
        yield REDIS_EXPORTER


def _data(settings: Settings) -> Iterator[Flow]:
    """The database and the caches, in the stack or outside."""
    egress = settings.network_policy.egress
    for pods in _database_users(settings):
        if settings.postgres.embedded:
            yield _flow(pods, DATABASE, metadata.POSTGRES_PORT)
        else:
            yield _leaving(pods, egress.postgres, metadata.POSTGRES_PORT)
    for pods in _cache_users(settings):
        if settings.redis.embedded:
            yield _flow(pods, CACHE, metadata.REDIS_PORT)
        elif settings.redis.enabled:
            yield _leaving(pods, egress.redis, metadata.REDIS_PORT)


def _services(settings: Settings) -> Iterator[Flow]:
    """What else the stack calls."""
    egress, tracing, s3 = settings.network_policy.egress, settings.tracing, settings.backup.s3
    for pods in SERVERS:
        # The API sends mails that reset a password and tries webhooks; all others come from the task processor.
        if settings.smtp is not None:
            yield _leaving(pods, egress.smtp, settings.smtp.port, behind(settings.smtp.host))
        if tracing.endpoint is not None:
            host, port = place(tracing.endpoint, GRPC_PORTS if tracing.protocol == "grpc" else WEB_PORTS)
            yield _leaving(pods, egress.tracing, port, behind(host))
        for receiver in settings.network_policy.webhooks:
            yield _flow(pods, outside([receiver]), *receiver.ports)
    if settings.login.google or settings.login.github is not None:
        yield _leaving(API, egress.login, HTTPS, INTERNET)
    if settings.telemetry:
        # Sent when the database was migrated, and never else (Flagsmith 2.265.0, telemetry/apps.py).
        yield _flow(MIGRATION, INTERNET, HTTPS)
    if settings.backup.enabled and s3 is not None:
        if s3.endpoint is None:
            yield _leaving(BACKUP, egress.s3, HTTPS, INTERNET)
        else:
            host, port = place(s3.endpoint, WEB_PORTS)
            yield _leaving(BACKUP, egress.s3, port, behind(host))
    shipped = settings.audit.export.destination
    if _ships_audit(settings) and shipped is not None:
        host, port = shipped
        yield _leaving(AUDIT_EXPORTER, egress.audit, port, behind(host))


def _names(flows: Iterable[Flow], dns: Dns) -> Iterator[Flow]:
    """Whoever calls somebody asks for its name first."""
    server = [in_namespace(dns.namespace, dns.pod_labels), *addresses(dns.addresses)]
    ports = [Port(number=dns.port, protocol=protocol) for protocol in ("UDP", "TCP")]
    for pods in {flow.source.name: flow.source for flow in flows if isinstance(flow.source, Pods)}.values():
        yield Flow(source=pods, destination=server, ports=ports)
