"""Who may talk to whom, by the settings: the table of docs/network.md, which a test compares with the policies."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import pulumi

from components import (
    backup,
    bootstrap,
    database_roles,
    flagsmith,
    metadata,
    migration,
    postgres,
    redis,
    task_processor,
    toolbox,
)
from components.ingress import CLOSED_PORT
from components.network_policies import (
    Flow,
    NetworkPoliciesArgs,
    Outside,
    Pods,
    Port,
    component_pods,
    in_namespace,
)
from components.settings import Settings
from components.settings.backup import S3
from components.settings.network import Outgoing, Peer

API: Final = component_pods(flagsmith.COMPONENT)
TASK_PROCESSOR: Final = component_pods(task_processor.COMPONENT)
MIGRATION: Final = component_pods(migration.COMPONENT)
BOOTSTRAP: Final = component_pods(bootstrap.COMPONENT)
DATABASE: Final = component_pods(postgres.COMPONENT)
ROLES: Final = component_pods(database_roles.COMPONENT)
CACHE: Final = component_pods(redis.COMPONENT)
BACKUP: Final = component_pods(backup.COMPONENT)
TOOLBOX: Final = component_pods(toolbox.COMPONENT)
# What cert-manager starts to answer a challenge of ACME, and its port (cert-manager 1.21, pkg/issuer/acme/http).
SOLVER: Final = Pods(name="flagsmith-acme-solver", labels={"acme.cert-manager.io/http01-solver": "true"})
SOLVER_PORT: Final = 8089
HTTPS: Final = 443

ANYWHERE: Final = (Outside(cidr="0.0.0.0/0"), Outside(cidr="::/0"))
# Without the networks of RFC 1918, 3927, 6598, 4193 and 4291: what is private, shared by carriers, or on the link.
INTERNET: Final = (
    Outside(
        cidr="0.0.0.0/0", except_=("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
    ),
    Outside(cidr="::/0", except_=("fc00::/7", "fe80::/10")),
)


def network_policies_args(settings: Settings, namespace: pulumi.Input[str]) -> NetworkPoliciesArgs:
    """The network policies."""
    flows = (*_entrances(settings), *_data(settings), *_services(settings), *_names(settings))
    return NetworkPoliciesArgs(namespace=namespace, flows=flows)


def _flow(source: Pods | Sequence[Outside], destination: Pods | Sequence[Outside], *ports: int) -> Flow:
    return Flow(source=source, destination=destination, ports=[Port(number=port) for port in ports])


def _outside(peers: Sequence[Peer]) -> list[Outside]:
    return [
        in_namespace(peer.namespace, peer.pod_labels)
        if peer.namespace is not None
        else Outside(
            cidr=peer.cidr,
            except_=peer.except_,
            namespace_labels=peer.namespace_labels,
            pod_labels=peer.pod_labels,
        )
        for peer in peers
    ]


def _addresses(cidrs: Sequence[str]) -> list[Outside]:
    return [Outside(cidr=cidr) for cidr in cidrs]


def _entrances(settings: Settings) -> Iterator[Flow]:
    """Who opens connections to the stack."""
    network = settings.network_policy
    controller = [
        in_namespace(network.resolved_ingress_namespace, network.ingress_pod_labels),
        *_addresses(network.ingress_cidrs),
    ]
    if settings.ingress.enabled:
        # The closed port too, which refuses at once: cut off, each visit of /metrics would keep the controller waiting.
        yield _flow(controller, API, metadata.API_PORT, CLOSED_PORT)
        if settings.ingress.tls.issued:
            yield _flow(controller, SOLVER, SOLVER_PORT)
    yield _flow(_outside(network.clients), API, metadata.API_PORT)
    monitoring = [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]
    for pods in (API, TASK_PROCESSOR):
        yield _flow(monitoring, pods, metadata.METRICS_PORT)


def _database_users(settings: Settings) -> Iterator[Pods]:
    yield from (API, TASK_PROCESSOR, MIGRATION, BOOTSTRAP)
    if settings.backup.enabled:
        yield BACKUP
    yield ROLES if settings.postgres.embedded else TOOLBOX


def _data(settings: Settings) -> Iterator[Flow]:
    """The database and the caches, in the stack or outside."""
    egress = settings.network_policy.egress
    for pods in _database_users(settings):
        if settings.postgres.embedded:
            yield _flow(pods, DATABASE, metadata.POSTGRES_PORT)
        else:
            yield _leaving(pods, egress.postgres, metadata.POSTGRES_PORT)
    for pods in (API, TASK_PROCESSOR):
        if settings.redis.embedded:
            yield _flow(pods, CACHE, metadata.REDIS_PORT)
        elif settings.redis.enabled:
            yield _leaving(pods, egress.redis, metadata.REDIS_PORT)


def _leaving(source: Pods, stated: Outgoing, port: int, *, by_default: Sequence[Outside] = ANYWHERE) -> Flow:
    return _flow(source, _outside(stated.to) or by_default, stated.port or port)


def _services(settings: Settings) -> Iterator[Flow]:
    """What else the stack calls."""
    egress = settings.network_policy.egress
    for pods in (API, TASK_PROCESSOR):
        # Mails are sent by the task processor; those that reset a password and webhooks that are tried by the API.
        if settings.smtp is not None:
            yield _leaving(pods, egress.smtp, settings.smtp.port)
        for destination in settings.network_policy.webhooks:
            yield _flow(pods, _outside([destination]), *destination.ports)
    if settings.login.google or settings.login.github is not None:
        yield _leaving(API, egress.login, HTTPS, by_default=INTERNET)
    if settings.telemetry:
        # Sent when the database was migrated, and never else (Flagsmith 2.265.0, telemetry/apps.py).
        yield _flow(MIGRATION, INTERNET, HTTPS)
    if settings.backup.enabled and settings.backup.s3 is not None:
        by_default = INTERNET if settings.backup.s3.endpoint is None else ANYWHERE
        yield _leaving(BACKUP, egress.s3, _port(settings.backup.s3), by_default=by_default)


def _port(s3: S3) -> int:
    address = urlsplit(s3.endpoint or "https://")
    return address.port or (80 if address.scheme == "http" else HTTPS)


def _names(settings: Settings) -> Iterator[Flow]:
    """Whoever calls somebody asks for its name first."""
    dns = settings.network_policy.dns
    server = [in_namespace(dns.namespace, dns.pod_labels), *_addresses(dns.addresses)]
    ports = [Port(number=dns.port, protocol=protocol) for protocol in ("UDP", "TCP")]
    for pods in _database_users(settings):
        yield Flow(source=pods, destination=server, ports=ports)
