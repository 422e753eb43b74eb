"""The network policies that the settings make, where the reachability test has no case of its own."""

from typing import Any

import pytest

from tests.recording import record, recorded

POLICY = "NetworkPolicy"


def policies(**network: Any) -> dict[str, dict[str, Any]]:
    others = network.pop("others", {})
    found = record("production", {"networkPolicy": {"ingressNamespace": "traefik", **network}, **others})
    return {item["metadata"]["name"]: item["spec"] for item in found.all(POLICY)}


def ports(rules: list[dict[str, Any]], peers: str, block: str) -> set[int]:
    return {
        port["port"]
        for rule in rules
        for peer in rule[peers]
        if peer.get("ipBlock", {}).get("cidr") == block
        for port in rule["ports"]
    }


@pytest.mark.parametrize("stack", ["local", "staging"])
def test_only_a_stack_of_production_has_policies_by_default(stack: str) -> None:
    assert recorded(stack).all(POLICY) == []
    assert len(recorded("production").all(POLICY)) > 5


def test_everything_with_a_pod_comes_after_the_policies() -> None:
    found = recorded("production")
    names = {f"{POLICY}/{item['metadata']['name']}" for item in found.all(POLICY)}

    for item in found.program.objects:
        if item.ref.kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
            assert names <= found.needed_by(item), item.ref


def test_the_ingress_controller_is_who_the_settings_say() -> None:
    api = policies(ingressNamespace="traefik", ingressPodLabels={"app": "traefik"}, ingressCidrs=["10.0.0.0/24"])
    rule = next(rule for rule in api["flagsmith-api"]["ingress"] if len(rule["ports"]) == 2)

    assert rule["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}},
            "podSelector": {"matchLabels": {"app": "traefik"}},
        },
        {"ipBlock": {"cidr": "10.0.0.0/24"}},
    ]
    assert api["flagsmith-acme-solver"]["ingress"][0]["from"] == rule["from"]


def test_clients_by_pod_labels_alone_are_of_every_namespace() -> None:
    api = policies(clients=[{"podLabels": {"flags": "yes"}}])["flagsmith-api"]

    assert {
        "from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"flags": "yes"}}}],
        "ports": [{"port": 8000, "protocol": "TCP"}],
    } in api["ingress"]


def test_a_stated_port_takes_the_place_of_the_services_own() -> None:
    to = [{"cidr": "10.9.0.0/16"}]
    outside = {
        "postgres": {"mode": "external", "existingSecret": "postgres"},
        "redis": {"mode": "external", "existingSecret": "redis"},
        "smtp": {"host": "smtp.example.com", "port": 2525},
        "backup": {"s3": {"bucket": "backups", "existingSecret": "bucket", "endpoint": "http://minio.example.com"}},
    }
    found = policies(
        egress={"postgres": {"to": to, "port": 6432}, "redis": {"to": to}, "smtp": {"to": to}, "s3": {"to": to}},
        others=outside,
    )

    assert ports(found["flagsmith-api"]["egress"], "to", "10.9.0.0/16") == {6432, 6379, 2525}
    assert ports(found["flagsmith-backup"]["egress"], "to", "10.9.0.0/16") == {6432, 80}
    assert ports(found["flagsmith-migration"]["egress"], "to", "10.9.0.0/16") == {6432}


def test_the_name_server_may_listen_elsewhere() -> None:
    dns = {"namespace": "openshift-dns", "podLabels": {"dns": "default"}, "addresses": [], "port": 5353}
    (rule,) = [
        rule
        for rule in policies(dns=dns)["flagsmith-migration"]["egress"]
        if {"port": 5353, "protocol": "UDP"} in rule["ports"]
    ]

    assert rule["to"] == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}},
            "podSelector": {"matchLabels": {"dns": "default"}},
        }
    ]
