"""Network policies: on where people depend on the stack, and never so that nothing reaches Flagsmith."""

import copy
from typing import Any

import pytest

from components.settings import warnings
from components.settings.ways import ways
from tests.components.settings.support import refusal, settings

PRODUCTION: dict[str, Any] = {"production": True, "protect": True}
WAY_IN: dict[str, Any] = {"ingressNamespace": "traefik"}
OUTSIDE: dict[str, Any] = {
    "postgres": {"mode": "external", "existingSecret": "postgres"},
    "redis": {"mode": "external", "existingSecret": "redis"},
}
SERVER = "networkPolicy.apiServer"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, False),
        (PRODUCTION, True),
        ({"networkPolicy": {"enabled": True, **WAY_IN}}, True),
        ({**PRODUCTION, "networkPolicy": {"enabled": "false"}}, False),
    ],
    ids=str,
)
def test_there_are_policies_in_production_unless_the_stack_says_otherwise(
    values: dict[str, Any], expected: bool
) -> None:
    assert settings(**values).isolated is expected


def test_the_defaults_are_the_usual_names_but_for_the_ingress_controller() -> None:
    found = settings(networkPolicy={}).network_policy

    assert (found.ingress_namespace, found.ways_in) == (None, ())

    assert found.monitoring_namespace == "monitoring"
    assert [peer.namespace_labels for peer in found.clients] == [{"feature-flags/client": "true"}]
    assert (found.dns.namespace, found.dns.pod_labels, found.dns.port) == ("kube-system", {"k8s-app": "kube-dns"}, 53)
    assert found.dns.addresses == ("169.254.20.10/32",)
    assert found.webhooks == ()


@pytest.mark.parametrize(
    ("peer", "key", "reason"),
    [
        ({}, "clients[0]", "must name cidr, namespace, namespaceLabels or podLabels"),
        ({"cidr": "10.0.0.1/8"}, "clients[0].cidr", "10.0.0.0/8 is the network that holds this address"),
        ({"cidr": "example.com"}, "clients[0].cidr", "must be a network such as 10.20.0.0/16"),
        ({"cidr": "10.0.0.0/8", "namespace": "a"}, "clients[0].namespace", "contradicts cidr"),
        ({"cidr": "10.0.0.0/8", "podLabels": {"a": "b"}}, "clients[0].podLabels", "contradicts cidr"),
        ({"namespace": "a", "namespaceLabels": {"a": "b"}}, "clients[0].namespaceLabels", "contradicts namespace"),
        ({"namespace": "a", "except": ["10.0.0.0/8"]}, "clients[0].except[0]", "goes with cidr"),
        ({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}, "clients[0].except[0]", "must be smaller than cidr"),
        ({"cidr": "10.0.0.0/8", "except": ["11.0.0.0/9"]}, "clients[0].except[0]", "and within it"),
        ({"cidr": "10.0.0.0/8", "except": ["fd00::/9"]}, "clients[0].except[0]", "and within it"),
        ({"namespace": "Not_One"}, "clients[0].namespace", "must be a namespace's name"),
        ({"podLabels": {"a": "not a value"}}, "clients[0].podLabels.a", "must be a label's value"),
    ],
    ids=str,
)
def test_a_peer_that_is_nobody_or_two_at_once_is_refused(peer: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refusal(networkPolicy={"clients": [peer]})

    assert line.startswith(f"feature-flags:networkPolicy.{key}")
    assert reason in line


def test_exceptions_of_a_network_are_taken() -> None:
    (peer,) = settings(
        networkPolicy={"clients": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]}
    ).network_policy.clients

    assert (peer.cidr, peer.except_) == ("10.0.0.0/8", ("10.1.0.0/16",))


def test_a_webhook_s_receiver_has_ports() -> None:
    (receiver,) = settings(networkPolicy={"webhooks": [{"cidr": "203.0.113.7/32"}]}).network_policy.webhooks
    assert receiver.ports == (443,)

    (line,) = refusal(networkPolicy={"webhooks": [{"cidr": "203.0.113.7/32", "ports": []}]})
    assert line.startswith("feature-flags:networkPolicy.webhooks[0].ports")


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("postgres", "postgres.mode external"),
        ("redis", "redis.mode external"),
        ("smtp", "the section smtp"),
        ("s3", "backup.s3"),
        ("tracing", "tracing.endpoint"),
        ("audit", "audit.export.url"),
        ("login", "login.google or login.github"),
    ],
)
def test_the_way_to_a_service_that_the_stack_does_not_use_is_refused(key: str, owner: str) -> None:
    (line,) = refusal(networkPolicy={"egress": {key: {"to": [{"cidr": "10.0.0.0/8"}]}}})

    assert line == f"feature-flags:networkPolicy.egress.{key}: goes with {owner}: remove it, or set that"


SERVICES: dict[str, dict[str, Any]] = {
    "postgres": {"postgres": OUTSIDE["postgres"]},
    "redis": {"redis": OUTSIDE["redis"]},
    "smtp": {"smtp": {"host": "smtp.example.com"}},
    "tracing": {"tracing": {"endpoint": "https://collector.example.com:4318"}},
    "s3": {"backup": {"s3": {"bucket": "backups", "existingSecret": "s3", "endpoint": "https://minio.example.com"}}},
    "audit": {"audit": {"export": {"sink": "https", "url": "https://audit.example.com/events"}}},
}
BESIDE = {
    "postgres": "postgres.cidr",
    "redis": "redis.cidr",
    "smtp": "smtp.cidr",
    "tracing": "tracing.cidr",
    "s3": "backup.s3.cidr",
    "audit": "audit.export.cidr",
}


def said(**values: Any) -> list[str]:
    """What a preview says about networks."""
    plain = set(warnings(settings(**{**values, "networkPolicy": {"enabled": False}})))
    return [line for line in warnings(settings(**values)) if line not in plain]


def beside(key: str, networks: object) -> dict[str, Any]:
    """The service with networks beside its name."""
    values = copy.deepcopy(SERVICES[key])
    section = next(iter(values.values()))
    ({"s3": section.get("s3"), "audit": section.get("export")}.get(key) or section)["cidr"] = networks
    return values


@pytest.mark.parametrize("key", SERVICES)
def test_a_name_without_a_network_beside_it_is_said_to_be_open_to_any_address(key: str) -> None:
    line = said(**PRODUCTION, **SERVICES[key])[0]

    assert "of any address except link-local ones and metadata services: a network policy cannot name a host" in line
    assert line.endswith(f"Say where it is in {BESIDE[key]}, or in networkPolicy.egress.{key}.to")
    assert said(**SERVICES[key]) == [], "without policies there is nothing to narrow"


@pytest.mark.parametrize("key", SERVICES)
@pytest.mark.parametrize("networks", ["10.20.0.0/24", ["10.20.0.0/24"]], ids=str)
def test_a_network_beside_the_name_says_where_it_is(key: str, networks: object) -> None:
    values = beside(key, networks)

    assert [line for line in said(**PRODUCTION, **values) if SERVER not in line] == []
    (way,) = ways(settings(**PRODUCTION, **values))
    assert [peer.cidr for peer in way.to] == ["10.20.0.0/24"]


@pytest.mark.parametrize("key", SERVICES)
def test_a_network_in_two_places_is_refused(key: str) -> None:
    network = {"egress": {key: {"to": [{"cidr": "10.9.0.0/24"}]}}, **WAY_IN}
    (line,) = refusal(**beside(key, "10.20.0.0/24"), networkPolicy=network)

    assert line.startswith(f"feature-flags:{BESIDE[key]}")
    assert f"contradicts networkPolicy.egress.{key}.to: say where it is in only one of them" in line


@pytest.mark.parametrize("key", SERVICES)
def test_what_stands_beside_a_name_must_be_a_network(key: str) -> None:
    (line,) = refusal(**beside(key, "collector.example.com"))

    assert line.startswith(f"feature-flags:{BESIDE[key]}")
    assert "must be a network such as 10.20.0.0/16" in line


@pytest.mark.parametrize("key", ["postgres", "redis"])
def test_the_embedded_server_has_no_network(key: str) -> None:
    (line,) = refusal(**{key: {"cidr": "10.20.0.0/24"}})

    assert line.startswith(f"feature-flags:{key}.cidr")
    assert f"belongs to {key}.mode external" in line


def test_an_address_in_place_of_a_name_is_said_to_be_open_to_pods_too() -> None:
    (line,) = said(**PRODUCTION, smtp={"host": "10.20.0.7"})

    assert line.startswith(
        "smtp.host is the address 10.20.0.7, which can be a Service's: port 587 is open to it, and to"
    )


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ({"telemetry": True}, "telemetry opens port 443 of the internet to migrations"),
        (
            {"login": {"google": True}},
            "login.google opens port 443 of the internet. Say where it is in network",
        ),
        (
            {"backup": {"s3": {"bucket": "backups", "existingSecret": "s3"}}},
            "backup.s3 opens port 443 of the internet. Say where it is in backup.s3.cidr, or in network",
        ),
    ],
    ids=str,
)
def test_the_internet_is_said_to_be_open(values: dict[str, Any], start: str) -> None:
    line, server = said(**PRODUCTION, **values)

    assert line.startswith(start)
    assert server.startswith(
        "networkPolicy.apiServer is not set, and these could lead to the API server: port 443 of the"
    )


@pytest.mark.parametrize(
    ("network", "starts"),
    [
        ({"webhooks": [{"cidr": "203.0.113.7/32"}]}, []),
        (
            {"webhooks": [{"namespace": "a"}, {"cidr": "0.0.0.0/0", "ports": [80, 8443]}]},
            [
                "networkPolicy.webhooks[1].cidr is wide: it opens port 80, 8443 of all of 0.0.0.0/0 except",
                "networkPolicy.apiServer is not set, and these could lead to the API server: port 8443 of 0.0.0.0/0",
            ],
        ),
        (
            {"webhooks": [{"cidr": "10.0.0.0/8"}], "apiServer": ["10.96.0.1/32"]},
            ["networkPolicy.webhooks[0].cidr is wide: it opens port 443 of all of 10.0.0.0/8 except"],
        ),
        (
            {"webhooks": [{"cidr": "169.254.169.254/32", "ports": [80]}]},
            ["networkPolicy.webhooks[0].cidr opens 169.254.169.254/32, where a metadata service gives out a node's"],
        ),
        ({"ingressCidrs": ["0.0.0.0/0"]}, ["networkPolicy.ingressCidrs[0] is wide: anybody in 0.0.0.0/0 can reach"]),
        ({"clients": [{"cidr": "10.0.0.0/8"}]}, ["networkPolicy.clients[0].cidr is wide: anybody in 10.0.0.0/8"]),
        (
            {"dns": {"addresses": ["169.254.20.10/32", "0.0.0.0/0"]}},
            ["networkPolicy.dns.addresses[1] is wide: it opens port 53 of all of 0.0.0.0/0, link-local addresses too"],
        ),
    ],
    ids=str,
)
def test_a_stated_network_that_is_wide_or_a_metadata_service_s_is_said(
    network: dict[str, Any], starts: list[str]
) -> None:
    lines = said(**PRODUCTION, networkPolicy={**WAY_IN, **network})

    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts


def test_a_wide_network_of_a_service_is_said_where_it_stands() -> None:
    network = {"egress": {"tracing": {"to": [{"namespace": "a"}, {"cidr": "10.0.0.0/8"}]}}, **WAY_IN}

    (line,) = said(**PRODUCTION, **SERVICES["tracing"], networkPolicy=network)
    assert line.startswith("networkPolicy.egress.tracing.to[1].cidr is wide: it opens port 4318 of all of 10.0.0.0/8")
    (line,) = said(**PRODUCTION, **beside("tracing", "10.0.0.0/8"))
    assert line.startswith("tracing.cidr is wide: it opens port 4318 of all of 10.0.0.0/8")


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({"webhooks": [{"cidr": "10.20.0.0/16"}]}, "port 443 of 10.20.0.0/16 (networkPolicy.webhooks[0].cidr)."),
        ({"webhooks": [{"cidr": "10.20.30.0/24", "ports": [80, 6443]}]}, "port 6443 of 10.20.30.0/24 ("),
        ({"webhooks": [{"cidr": "10.20.30.6/31"}]}, "port 443 of 10.20.30.6/31"),
        ({"webhooks": [{"cidr": "fd00:1::/64", "ports": [6443]}]}, "port 6443 of fd00:1::/64"),
        ({"webhooks": [{"cidr": "10.20.0.0/16"}], "except": ["203.0.113.20/32"]}, "port 443 of 10.20.0.0/16"),
        ({"webhooks": [{"cidr": "10.20.0.0/16"}], "except": ["10.20.9.0/24"]}, "port 443 of 10.20.0.0/16"),
        (
            {"webhooks": [{"cidr": "10.20.0.0/16"}, {"cidr": "fd00::/64"}]},
            "[0].cidr), port 443 of fd00",
        ),
        (
            {"webhooks": [{"cidr": "fd00::/64"}], "apiServer": ["10.96.0.1/32"]},
            "names no address of IPv6, and",
        ),
        ({"webhooks": [{"cidr": "10.0.0.0/16"}], "apiServer": ["fd00::1/128"]}, "or 0.0.0.0/32 if it has none"),
        (
            {"webhooks": [{"cidr": "10.96.0.1/32"}], "apiServer": ["10.96.0.1/32"]},
            "10.96.0.1/32 (networkPolicy.webhooks[0].cidr) is in networkPolicy.apiServer: port 443 is open to the API",
        ),
        ({"webhooks": [{"cidr": "10.96.7.0/24"}], "apiServer": ["10.96.0.0/16"]}, "is in networkPolicy.apiServer"),
    ],
    ids=str,
)
def test_each_range_that_could_hold_the_api_server_is_said(network: dict[str, Any], told: str) -> None:
    (line,) = [line for line in said(**PRODUCTION, networkPolicy={**WAY_IN, **network}) if SERVER in line]

    assert told in line


@pytest.mark.parametrize(
    "network",
    [
        {"webhooks": [{"cidr": "203.0.113.7/32"}]},
        {"webhooks": [{"cidr": "fd00::7/128", "ports": [6443]}]},
        {"webhooks": [{"cidr": "10.20.0.0/16", "ports": [80, 8080]}]},
        {"webhooks": [{"cidr": "10.20.0.0/16"}], "apiServer": ["203.0.113.20/32"]},
        {"webhooks": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}], "apiServer": ["10.96.0.1/32", "::/128"]},
        {"webhooks": [{"namespace": "a"}]},
    ],
    ids=str,
)
def test_what_cannot_lead_to_the_api_server_is_not_said(network: dict[str, Any]) -> None:
    assert not [line for line in said(**PRODUCTION, networkPolicy={**WAY_IN, **network}) if SERVER in line]


def test_the_shipped_stack_of_production_has_nothing_wide() -> None:
    assert said(**PRODUCTION) == []


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_the_port_of_an_address_exists(port: int) -> None:
    s3 = SERVICES["s3"]["backup"]["s3"]
    for values in (
        {"tracing": {"endpoint": f"http://collector.example.com:{port}"}},
        {"backup": {"s3": {**s3, "endpoint": f"https://minio.example.com:{port}"}}},
        {"audit": {"export": {"sink": "https", "url": f"https://audit.example.com:{port}/"}}},
    ):
        (line,) = refusal(**values)
        assert "must be" in line
