"""Network policies: on where people depend on the stack, and never so that nothing reaches Flagsmith."""

from typing import Any

import pytest

from components.settings import warnings
from tests.settings.support import refusal, settings

PRODUCTION: dict[str, Any] = {"production": True, "protect": True}
WAY_IN: dict[str, Any] = {"ingressNamespace": "traefik"}
OUTSIDE: dict[str, Any] = {
    "postgres": {"mode": "external", "existingSecret": "postgres"},
    "redis": {"mode": "external", "existingSecret": "redis"},
}


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
        ({"namespace": "Not_One"}, "clients[0].namespace", "must be the name of a Kubernetes object"),
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


def unplaced(**values: Any) -> list[str]:
    """The settings that the warnings of the network policies ask for."""
    lines = [line for line in warnings(settings(**values)) if line.startswith("networkPolicy")]
    assert all("any address" in line for line in lines)
    return [line.partition(" ")[0] for line in lines]


def test_an_outside_database_and_cache_without_addresses_are_warned_about() -> None:
    expected = ["networkPolicy.egress.postgres.to", "networkPolicy.egress.redis.to"]

    assert unplaced(**OUTSIDE, **PRODUCTION) == expected
    assert unplaced(**OUTSIDE, networkPolicy={"enabled": True, **WAY_IN}) == expected


def test_there_is_no_warning_with_addresses_or_without_policies() -> None:
    to = {"to": [{"cidr": "10.0.0.0/8"}]}

    assert unplaced(**OUTSIDE, **PRODUCTION, networkPolicy={"egress": {"postgres": to, "redis": to}, **WAY_IN}) == []
    assert unplaced(**OUTSIDE) == []
    assert unplaced(**PRODUCTION) == []
