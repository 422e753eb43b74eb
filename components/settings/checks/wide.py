"""What the network policies leave wide: said at each preview, with the setting that narrows it."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from components.settings.model import Settings
from components.settings.networks import Network, is_metadata, is_wide, is_within
from components.settings.sections.network_policy import NetworkPolicySettings
from components.settings.ways import Reach, Way, ways

SECTION: Final = "networkPolicy"
API_SERVER_PORTS: Final = frozenset({443, 6443, 8443, 16443})
"""Where API servers listen: behind a cloud's load balancer or their Service, by themselves, minikube's, MicroK8s'."""
NO_ADDRESS: Final = {4: "0.0.0.0/32", 6: "::/128"}
"""What `networkPolicy.apiServer` names of an IP version that the API server has no address of."""


def wide(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each way that leads to more than the one who is meant."""
    network = settings.network_policy
    found = list(ways(settings))
    for way in found:
        yield from _way(way)
    for place, cidr, ports in _stated(network, found):
        yield from _network(place, cidr, ports)
    yield from _api_server(network, found)
    yield from _way_in(network)


def _way(way: Way) -> Iterator[str]:
    remedy = f"Say where it is in {f'{way.beside}, or in ' if way.beside else ''}{SECTION}.egress.{way.service}.to"
    match way.reach:
        case Reach.ADDRESS:
            yield (
                f"{way.setting} is the address {way.host}, which can be a Service's: port {way.port} is open to it, "
                f"and to pods of every namespace. {remedy}"
            )
            yield from _metadata(way.setting, str(way.address))
        case Reach.INTERNET if way.service == "telemetry":
            yield f"telemetry opens port {way.port} of the internet to migrations, which report to the vendor"
        case Reach.INTERNET:
            yield f"{way.setting} opens port {way.port} of the internet. {remedy}"
        case Reach.ANYWHERE:
            yield (
                f"{way.setting} opens port {way.port} of any address except link-local ones and metadata "
                f"services: a network policy cannot name a host. {remedy}"
            )


def _stated(network: NetworkPolicySettings, found: Sequence[Way]) -> Iterator[tuple[str, str, Sequence[int]]]:
    """The networks that settings open, each with its place and its ports."""
    for way in found:
        for index, peer in enumerate(way.to):
            if peer.cidr is not None:
                place = f"{SECTION}.egress.{way.service}.to[{index}].cidr" if way.egress.to else str(way.beside)
                yield place, peer.cidr, [way.port]
    for index, receiver in enumerate(network.webhooks):
        if receiver.cidr is not None:
            yield f"{SECTION}.webhooks[{index}].cidr", receiver.cidr, receiver.ports


def _network(place: str, cidr: str, ports: Sequence[int]) -> Iterator[str]:
    if is_wide(cidr):
        listed = ", ".join(map(str, ports))
        yield (
            f"{place} is wide: it opens port {listed} of all of {cidr} except link-local addresses and "
            "metadata services. Name smaller networks"
        )
    yield from _metadata(place, cidr)


def _metadata(place: str, cidr: str) -> Iterator[str]:
    if is_metadata(cidr):
        yield (
            f"{place} opens {cidr}, where a metadata service gives out a node's credentials: remove it, unless "
            "Flagsmith should have them"
        )


def _api_server(network: NetworkPolicySettings, found: Sequence[Way]) -> Iterator[str]:
    """Each range on the API server's ports that could hold its address, which the cluster alone knows, or does."""
    opened = [item for item in _opened(network, found) if item[2] in API_SERVER_PORTS]
    known = {version: own for version in NO_ADDRESS if (own := _of_version(network.api_server, version))}
    unknown: dict[int, list[str]] = {}
    for place, cidr, port in opened:
        ranges = ip_network(cidr)
        own = known.get(ranges.version, [])
        if not own:
            if ranges.num_addresses > 1:
                unknown.setdefault(ranges.version, []).append(f"port {port} of {place}")
        elif any(ranges == one or is_within(ranges, one) for one in own):
            yield f"{place} is in {SECTION}.apiServer: port {port} is open to the API server. Remove one of the two"
    if not known and unknown:
        yield (
            f"{SECTION}.apiServer is not set, and these could lead to the API server: {_listed(*unknown.values())}. "
            "Name all its addresses, those of `kubectl -n default get endpointslice,service kubernetes`"
        )
    elif unknown:
        ((version, places),) = unknown.items()
        yield (
            f"{SECTION}.apiServer names no address of IPv{version}, and these could lead to one: {_listed(places)}. "
            f"Name the API server's, or {NO_ADDRESS[version]} if it has none"
        )


def _opened(network: NetworkPolicySettings, found: Sequence[Way]) -> Iterator[tuple[str, str, int]]:
    """The ranges that are open, each by what opens it, as a network, and with its port."""
    for way in found:
        if way.reach in (Reach.INTERNET, Reach.ANYWHERE):
            place = "the internet" if way.reach is Reach.INTERNET else "any address"
            yield from ((f"{place} ({way.setting})", everything, way.port) for everything in ("0.0.0.0/0", "::/0"))
        elif way.reach is Reach.ADDRESS:
            yield way.setting, str(way.address), way.port
    for place, cidr, ports in _stated(network, found):
        yield from ((f"{cidr} ({place})", cidr, port) for port in ports)


def _of_version(networks: Sequence[str], version: int) -> list[Network]:
    return [found for found in map(ip_network, networks) if found.version == version]


def _listed(*groups: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(place for group in groups for place in group))


def _way_in(network: NetworkPolicySettings) -> Iterator[str]:
    for index, cidr in enumerate(network.ingress_cidrs):
        if is_wide(cidr):
            yield (
                f"{SECTION}.ingressCidrs[{index}] is wide: anybody in {cidr} can reach the API without the ingress "
                "controller, and /metrics too. Name smaller networks"
            )
    for index, cidr in enumerate(network.gateway_cidrs):
        if is_wide(cidr):
            yield (
                f"{SECTION}.gatewayCidrs[{index}] is wide: anybody in {cidr} can reach the API without the Gateway, "
                "and /metrics too. Name smaller networks"
            )
    for index, client in enumerate(network.clients):
        if client.cidr is not None and is_wide(client.cidr):
            yield (
                f"{SECTION}.clients[{index}].cidr is wide: anybody in {client.cidr} can reach the API, and /metrics "
                "too. Name smaller networks"
            )
    for index, cidr in enumerate(network.dns.addresses):
        if is_wide(cidr):
            yield (
                f"{SECTION}.dns.addresses[{index}] is wide: it opens port {network.dns.port} of all of {cidr}, "
                "link-local addresses too, because name servers can have these. Name smaller networks"
            )
