"""What a wide network leaves out, in each family of addresses, and which networks are wide."""

from ipaddress import ip_address, ip_network

import pytest

from components.settings.networks import PRIVATE, is_metadata, is_wide, left_out

LINKS = ("169.254.0.1", "169.254.169.254", "fe80::1", "febf::1")
SERVICES = (
    *("169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "fd00:a9fe:a9fe::1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "64:ff9b::6464:64c8"),
)
NEIGHBOURS = (
    *("169.253.255.255", "169.255.0.0", "168.63.129.15", "168.63.129.17", "100.100.100.199", "100.100.100.201"),
    *("fd00:ec1::254", "fd20:ce::253", "fd00:42::43", "fe7f::1", "fec0::1", "64:ff9b::a9fd:1", "64:ff9b::808:808"),
)


def is_open(address: str, network: str, *further: str) -> bool:
    """Whether a policy that opens a network lets an address pass."""
    exceptions = left_out(network, further)
    return ip_address(address) in ip_network(network) and not any(
        ip_address(address) in ip_network(item) for item in exceptions
    )


@pytest.mark.parametrize("address", [*LINKS, *SERVICES])
def test_nothing_wide_leads_to_a_link_or_to_a_metadata_service(address: str) -> None:
    everything = "::/0" if ":" in address else "0.0.0.0/0"
    larger = [str(ip_network((address, length), strict=False)) for length in range(128 if ":" in address else 32)]

    assert not is_open(address, everything)
    assert [network for network in larger if address in SERVICES and is_open(address, network)] in (
        [],
        # A part of Amazon's own network is named for what is there.
        [network for network in larger if ip_network(network).prefixlen >= 32 and address.startswith("fd00:ec2:")],
    )


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_what_is_beside_them_stays_open(address: str) -> None:
    assert is_open(address, "::/0" if ":" in address else "0.0.0.0/0")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "169.0.0.0/8", "169.254.0.0/16", "fd00::/8", "64:ff9b::/96"])
def test_exceptions_are_what_an_api_server_takes(network: str) -> None:
    """Each within the network and smaller, and none within another."""
    found = [ip_network(item) for item in left_out(network, (*PRIVATE, "169.254.169.0/24", "203.0.113.7/32"))]

    assert found
    for item in found:
        outer = ip_network(network)
        assert item.version == outer.version
        assert item != outer
        assert item.subnet_of(outer)  # type: ignore[arg-type]
        assert not any(item != other and item.subnet_of(other) for other in found)  # type: ignore[arg-type]


def test_who_is_named_outright_is_meant() -> None:
    assert left_out("169.254.169.254/32") == ()
    assert left_out("169.254.20.10/32") == ()
    assert left_out("10.96.0.1/32", ("10.96.0.0/12",)) == ()
    assert left_out("10.96.0.0/12", ("10.96.0.0/12",)) == ()
    assert left_out("10.0.0.0/8", ("10.96.0.0/12",)) == ("10.96.0.0/12",)


def test_a_network_of_ipv4_is_left_out_of_ipv6_too() -> None:
    assert not is_open("64:ff9b::a60:1", "::/0", "10.96.0.0/12")
    assert is_open("64:ff9b::a60:1", "::/0")


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("0.0.0.0/0", True),
        ("10.0.0.0/8", True),
        ("10.0.0.0/15", True),
        ("10.20.0.0/16", False),
        ("203.0.113.7/32", False),
        ("::/0", True),
        ("2001:db8::/32", True),
        ("2001:db8::/48", False),
        ("64:ff9b::/96", True),
        ("64:ff9b::a00:0/104", True),
        ("64:ff9b::a14:0/112", False),
    ],
)
def test_wide_is_more_than_the_network_of_one_site(network: str, expected: bool) -> None:
    assert is_wide(network) is expected


@pytest.mark.parametrize("address", SERVICES)
def test_a_metadata_service_that_is_named_is_known(address: str) -> None:
    assert is_metadata(f"{address}/{128 if ':' in address else 32}")


@pytest.mark.parametrize("network", ["169.254.20.10/32", "169.254.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "fd00::/8"])
def test_what_holds_one_or_is_beside_one_is_none(network: str) -> None:
    assert not is_metadata(network)
