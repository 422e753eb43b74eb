"""Who reaches whom by the table of docs/network.md and the words of that page, for the settings of a stack."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from components.settings import Settings
from components.settings.sections.network_policy import Peer
from tests.components.network.actors import CLOSED, GROUPS, INTERNET, NAMESPACES, OUTSIDE
from tests.components.network.evaluator import Actor
from tests.components.network.rendered import Rendered
from tests.components.network.table import Row, rows
from tests.components.network.variants import CONDITIONS

Connection = tuple[str, str, int, str]
ALONE: Final = "an edge alone"
NEVER: Final = frozenset(actor.name for actor in CLOSED)
EGRESS_OF: Final = {
    "outside PostgreSQL": "postgres",
    "outside Redis": "redis",
    "outside mail server": "smtp",
    "outside bucket": "s3",
    "outside log-in services": "login",
    "outside collector": "tracing",
    "outside audit endpoint": "audit",
    "outside Prometheus": "prometheus",
    "outside Flagsmith": "primary",
}


@dataclass(frozen=True)
class Service:
    """What settings say about a service outside: its name, its port, and who it is."""

    host: str | None
    port: int | None
    networks: tuple[str, ...]


def service(key: str, settings: Settings) -> Service:
    """The service of a key of `networkPolicy.egress`."""
    s3, smtp = settings.backup.s3, settings.smtp
    match key:
        case "postgres" | "redis":
            return Service("a name in a Secret", None, getattr(settings, key).cidr)
        case "smtp":
            assert smtp is not None
            return Service(smtp.host, smtp.port, smtp.cidr)
        case "tracing":
            default = {"http": 80, "https": 443}
            if settings.tracing.protocol == "grpc":
                default["http"] = 443
            return _at(settings.tracing.endpoint, default, settings.tracing.cidr)
        case "s3":
            assert s3 is not None
            return _at(s3.endpoint, {"http": 80, "https": 443}, s3.cidr)
        case "audit":
            return _at(settings.audit.export.url, {"https": 443}, settings.audit.export.cidr)
        case "prometheus":
            asked = settings.rollouts.prometheus
            return _at(asked.url, {"http": 80, "https": 443}, asked.cidr)
        case "primary":
            primary = settings.edge.primary
            assert primary is not None
            return _at(primary.url, {"http": 80, "https": 443}, primary.cidr)
    return Service(None, None, ())


def _at(url: str | None, ports: dict[str, int], networks: tuple[str, ...]) -> Service:
    if url is None:
        return Service(None, None, networks)
    parts = urlsplit(url)
    return Service(parts.hostname, parts.port or ports[parts.scheme], networks)


def listed(stack: Rendered, *, blocks_match_pods: bool) -> Iterator[Connection]:
    """Every connection that the table has for this stack."""
    for row in rows():
        if not holds(row, stack.settings):
            continue
        sources = meant(row.source, stack, blocks_match_pods=blocks_match_pods)
        for destination in meant(row.destination, stack, blocks_match_pods=blocks_match_pods):
            for number, protocol in _ports(row, stack.settings):
                for source in sources:
                    yield source, destination, number, protocol


def holds(row: Row, settings: Settings) -> bool:
    """Whether a row is one of the stack's: of an edge alone, those are that say so, and no other stack has them."""
    if settings.is_edge is not (ALONE in row.when):
        return False
    return all(CONDITIONS[condition](settings) for condition in row.when) and not (
        # Without anybody to call, there are no calls.
        row.source == "client applications" and not settings.network_policy.clients
    )


def _ports(row: Row, settings: Settings) -> tuple[tuple[int, str], ...]:
    """Those of the row; where a setting states the port of a service, that one."""
    key = EGRESS_OF.get(row.destination)
    if row.destination == "webhook receivers":
        return tuple((port, "TCP") for receiver in settings.network_policy.webhooks for port in receiver.ports)
    if key is None:
        return row.ports
    stated = getattr(settings.network_policy.egress, key).port or service(key, settings).port
    return row.ports if stated is None else ((stated, "TCP"),)


def meant(word: str, stack: Rendered, *, blocks_match_pods: bool) -> frozenset[str]:
    """The names of those whom a word of the table means in this stack."""
    network = stack.settings.network_policy
    match word:
        case "ingress controller":
            by_address = _named([Peer(cidr=cidr) for cidr in network.ingress_cidrs], blocks_match_pods)
            return by_address | (GROUPS[word] if network.ingress_namespace else frozenset())
        case "data plane":
            labels = network.gateway_pod_labels
            named = [Peer(namespace=network.gateway_namespace, podLabels=labels)] if network.gateway_namespace else []
            return _named([*named, *(Peer(cidr=cidr) for cidr in network.gateway_cidrs)], blocks_match_pods)
        case "client applications":
            return _named(network.clients, blocks_match_pods)
        case "clients of the edge":
            return _named(stack.settings.edge.clients, blocks_match_pods)
        case "webhook receivers":
            return _called(network.webhooks, stack, blocks_match_pods)
        case "the internet":
            return _open(INTERNET, stack)
    if word in GROUPS:
        return GROUPS[word]
    if word in EGRESS_OF:
        return _service(EGRESS_OF[word], stack, blocks_match_pods)
    names = {actor.name for actor in stack.actors}
    assert word in names, f"{word}: who is that? There are {sorted(names)}"
    return frozenset({word})


def _service(key: str, stack: Rendered, blocks_match_pods: bool) -> frozenset[str]:
    found = service(key, stack.settings)
    to = getattr(stack.settings.network_policy.egress, key).to or [Peer(cidr=network) for network in found.networks]
    if to:
        return _called(to, stack, blocks_match_pods)
    if found.host is None:
        return _open(INTERNET, stack)
    pods = frozenset(actor.name for actor in OUTSIDE if actor.namespace is not None)
    if ".svc" in found.host:
        namespace = found.host.split(".")[1]
        return frozenset(actor.name for actor in OUTSIDE if actor.namespace == namespace)
    if found.host.replace(".", "").isdigit():
        return pods | _named([Peer(cidr=f"{found.host}/32")], blocks_match_pods)
    return pods | _open(frozenset(actor.name for actor in OUTSIDE), stack)


def _open(names: frozenset[str], stack: Rendered) -> frozenset[str]:
    """Those of a wide network who are not closed, always, by `networkPolicy.except`, or as the API server's."""
    closed = (*stack.settings.network_policy.except_, *stack.settings.network_policy.api_server)
    return frozenset(
        actor.name
        for actor in OUTSIDE
        if actor.name in names - NEVER and not any(_leads_into(actor, net) for net in closed)
    )


def _named(peers: Iterable[Peer], blocks_match_pods: bool) -> frozenset[str]:
    """Those whom settings name, just as they do."""
    return frozenset(actor.name for peer in peers for actor in OUTSIDE if _is(peer, actor, blocks_match_pods))


def _called(peers: Iterable[Peer], stack: Rendered, blocks_match_pods: bool) -> frozenset[str]:
    """Those whom settings name as somebody to call: closed ones only where they are named outright."""
    found: set[str] = set()
    for peer in peers:
        names = _named([peer], blocks_match_pods)
        outright = peer.cidr is not None and ip_network(peer.cidr).num_addresses == 1
        found |= names if outright or peer.cidr is None else _open(names, stack)
    return frozenset(found)


def _is(peer: Peer, actor: Actor, blocks_match_pods: bool) -> bool:
    if peer.cidr is not None:
        is_host = actor.namespace is None or blocks_match_pods
        return is_host and _in(actor, peer.cidr) and not any(_in(actor, inner) for inner in peer.except_)
    if actor.namespace is None:
        return False
    labels = NAMESPACES[actor.namespace]
    return (
        peer.namespace in (None, actor.namespace)
        and peer.namespace_labels.items() <= labels.items()
        and peer.pod_labels.items() <= actor.labels.items()
    )


def _leads_into(actor: Actor, network: str) -> bool:
    """Whether an address is in a network, itself or by the IPv4 that NAT64 makes of it."""
    address = ip_address(actor.ip)
    if address in ip_network("64:ff9b::/96"):
        return ip_address(int(address) % 2**32) in ip_network(network)
    return _in(actor, network)


def _in(actor: Actor, network: str) -> bool:
    return ip_address(actor.ip) in ip_network(network)
