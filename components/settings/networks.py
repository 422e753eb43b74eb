"""Networks: how they are written, and what a wide one leaves out.

A network policy names addresses, so that a service whose address nobody stated is "any address". No such service is on
a link, and none is where a cloud gives each node its credentials: whoever took over a pod would ask there first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from components.settings.types import Kind, Text
from components.text.metadata_services import ADDRESSES

LINK_LOCAL: Final = ("169.254.0.0/16", "fe80::/10")
"""RFC 3927 and RFC 4291: nearly every cloud's metadata service is in one of them."""

METADATA: Final = (
    *(str(ip_network(address)) for address in ADDRESSES),
    # By IPv6: Amazon's network, for what it has beside AMAZON_IPV6; of OpenStack and Akamai.
    *("fd00:ec2::/32", "fe80::a9fe:a9fe/128"),
)
"""Where clouds' metadata services are, by their documentation."""

PRIVATE: Final = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""What is not the internet: RFC 1918, RFC 6598 (shared by carriers) and RFC 4193."""

# Who has IPv6 alone reaches IPv4 through it (RFC 6052): 64:ff9b::a9fe:a9fe leads to 169.254.169.254.
_NAT64: Final = IPv6Network("64:ff9b::/96")
# More addresses than the usual network of a whole site has, so that other things than the one that is meant are within.
_WIDE: Final = {4: 16, 6: 48}

Network = IPv4Network | IPv6Network

SERVICE: Final = re.compile(r"[a-z0-9-]+\.(?P<namespace>[a-z0-9-]+)\.svc(\.cluster\.local)?")
"""The full name of a Service of the cluster."""


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        pass
    try:
        meant = ip_network(value, strict=False)
    except ValueError:
        meant = None
    raise ValueError(
        "must be a network such as 10.20.0.0/16, or 203.0.113.7/32 for a single address"
        + (f": {meant} is the network that holds this address" if meant else "")
    )


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Cidr = Annotated[Text, AfterValidator(_network), Kind("network, as in 10.20.0.0/16")]
Cidrs = Annotated[tuple[Cidr, ...], BeforeValidator(_listed), Kind("network, as in 10.20.0.0/16, or list of networks")]

BESIDE: Final = "For network policies, which cannot use names. Default: `networkPolicy.egress`, otherwise any address."
"""What the key `cidr` beside every host's name is for."""


HTTPS: Final = 443
WEB_PORTS: Final = {"http": 80, "https": HTTPS}


def has_right_port(url: str) -> bool:
    """Whether the port of an address, if it has one, exists."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def place(url: str, ports: Mapping[str, int]) -> tuple[str, int]:
    """The host and the port of an address; without a port, that of its scheme in `ports`."""
    parts = urlsplit(url)
    return str(parts.hostname), parts.port or ports[parts.scheme]


def is_within(inner: Network, outer: Network) -> bool:
    """Whether `outer` holds all of `inner`, and more."""
    if inner.version != outer.version or inner.prefixlen <= outer.prefixlen:
        return False
    return outer.supernet_of(inner)  # type: ignore[arg-type]  # of one version, as was asked above


def is_wide(network: str) -> bool:
    """Whether a network has more than 65,536 addresses of IPv4, or by IPv6 more than one site (a /48)."""
    found = ip_network(network)
    if found == _NAT64 or is_within(found, _NAT64):
        return found.prefixlen - _NAT64.prefixlen < _WIDE[4]
    return found.prefixlen < _WIDE[found.version]


def is_metadata(network: str) -> bool:
    """Whether a network is a metadata service, or a part of one's addresses: nothing could be left out of it."""
    found = ip_network(network)
    return any(found == closed or is_within(found, closed) for closed in _translated(METADATA))


def left_out(network: str, further: Iterable[str] = ()) -> tuple[str, ...]:
    """What a policy that opens a network must except from it: the largest closed networks that it holds.

    A closed network that is named outright, or a part of one, is meant, and stays whole.

    Args:
        network: the one to open.
        further: closed networks besides those on a link and of metadata services.
    """
    outer = ip_network(network)
    inside = {closed for closed in _translated((*LINK_LOCAL, *METADATA, *further)) if is_within(closed, outer)}
    largest = [one for one in inside if not any(is_within(one, other) for other in inside)]
    return tuple(str(one) for one in sorted(largest, key=lambda one: (int(one.network_address), one.prefixlen)))


def _translated(networks: Iterable[str]) -> Iterator[Network]:
    """The networks, and where those of IPv4 are by IPv6."""
    for found in map(ip_network, networks):
        yield found
        if isinstance(found, IPv4Network):
            start = int(_NAT64.network_address) + int(found.network_address)
            yield IPv6Network((start, _NAT64.prefixlen + found.prefixlen))
