"""What the network policies leave wide: said at each preview, with the setting that narrows it."""

from collections.abc import Iterator, Sequence
from typing import Final

from components.settings.model import Settings
from components.settings.networks import is_metadata, is_wide
from components.settings.sections.network_policy import NetworkPolicySettings
from components.settings.ways import Reach, Way, ways

SECTION: Final = "networkPolicy"
# Where API servers listen: by themselves, and behind a cloud's load balancer.
API_SERVER_PORTS: Final = frozenset({443, 6443})


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
                f"{way.setting} opens port {way.port} of any address but link-local ones and metadata services: a "
                f"network policy cannot name a host. {remedy}"
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
            f"{place} is wide: it opens port {listed} of all of {cidr} but link-local addresses and metadata services. "
            "Name smaller networks"
        )
    yield from _metadata(place, cidr)


def _metadata(place: str, cidr: str) -> Iterator[str]:
    if is_metadata(cidr):
        yield (
            f"{place} opens {cidr}, where a metadata service gives out a node's credentials: remove it, unless "
            "Flagsmith is to have them"
        )


def _api_server(network: NetworkPolicySettings, found: Sequence[Way]) -> Iterator[str]:
    """What is open to anybody is open to the API server, whose address only the cluster knows."""
    ports = {way.port for way in found if way.reach in (Reach.INTERNET, Reach.ANYWHERE)}
    ports |= {port for _, cidr, stated in _stated(network, found) if is_wide(cidr) for port in stated}
    if not network.except_ and ports & API_SERVER_PORTS:
        listed = " and ".join(str(port) for port in sorted(ports & API_SERVER_PORTS))
        yield (
            f"{SECTION}.except is not set: what is open on port {listed} is open to the API server too, if it listens "
            "there. Name its addresses, those of `kubectl -n default get endpointslice,service kubernetes`"
        )


def _way_in(network: NetworkPolicySettings) -> Iterator[str]:
    for index, cidr in enumerate(network.ingress_cidrs):
        if is_wide(cidr):
            yield (
                f"{SECTION}.ingressCidrs[{index}] is wide: whoever is in {cidr} reaches the API past the ingress "
                "controller, with /metrics. Name smaller networks"
            )
    for index, client in enumerate(network.clients):
        if client.cidr is not None and is_wide(client.cidr):
            yield (
                f"{SECTION}.clients[{index}].cidr is wide: whoever is in {client.cidr} reaches the API, with /metrics. "
                "Name smaller networks"
            )
    for index, cidr in enumerate(network.dns.addresses):
        if is_wide(cidr):
            yield (
                f"{SECTION}.dns.addresses[{index}] is wide: it opens port {network.dns.port} of all of {cidr}, "
                "link-local addresses too, since name servers have such. Name smaller networks"
            )
