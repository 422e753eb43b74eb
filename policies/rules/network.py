"""Rules of the network: no policy opens the way to what gives out a node's credentials."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from components.text.metadata_services import ADDRESSES, AMAZON_IPV6
from policies.model import MISSING, Enforcement, Finding, Manifest, Object, Objects, Rule
from policies.unknown import apart

METADATA = (*ADDRESSES, *AMAZON_IPV6)
DNS = 53
"""Google's metadata service is its name server too, on this port; it gives out nothing else there."""
ALLOWED = "networks without metadata services, or with them under except"


def _policies(objects: Objects) -> Iterator[Finding]:
    for policy in objects.of("NetworkPolicy"):
        for index, rule in enumerate(policy.spec.get("egress") or ()):
            yield from apart(_rule(policy, index, rule))


def _rule(policy: Object, index: int, rule: Manifest) -> Iterator[Finding]:
    ports = [port.get("port") for port in rule.get("ports") or ()]
    if ports and all(port == DNS for port in ports):
        return
    peers = rule.get("to")
    if not peers:
        yield Finding(policy, f"spec.egress[{index}].to", MISSING, ALLOWED)
    for place, peer in enumerate(peers or ()):
        yield from apart(_peer(policy, f"spec.egress[{index}].to[{place}].ipBlock", peer.get("ipBlock")))


def _peer(policy: Object, path: str, block: Manifest | None) -> Iterator[Finding]:
    if block is None:
        return
    found = [address for address in METADATA if _opens(block, address)]
    if found:
        yield Finding(policy, path, ", ".join(found), ALLOWED)


def _opens(block: Manifest, address: str) -> bool:
    return _holds(block["cidr"], address) and not any(_holds(inner, address) for inner in block.get("except") or ())


def _holds(network: str, address: str) -> bool:
    return ip_address(address) in ip_network(network, strict=False)


RULES = (
    Rule(
        id="metadata-service",
        title="No network policy opens the way to a metadata service",
        description="Who takes over a pod asks there first: a cloud's metadata service gives out its node's "
        "credentials to whoever reaches it.",
        enforcement=Enforcement.ADVISORY,
        remedy="Name the networks of who is called, or leave the service out with except.",
        check=_policies,
    ),
)
