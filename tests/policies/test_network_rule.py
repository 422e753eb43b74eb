"""The rule about metadata services."""

from typing import Any

import pytest

from components.settings.networks import is_metadata
from policies.model import MISSING
from policies.rules.network import METADATA
from tests.policies.manifests import broken
from tests.recording import recorded

RULE = "metadata-service"


def policy(*egress: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "open", "namespace": "flags"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(egress)},
    }


def to(cidr: str, *left_out: str, port: int | None = 443) -> dict[str, Any]:
    block = {"cidr": cidr, **({"except": list(left_out)} if left_out else {})}
    return {"to": [{"ipBlock": block}], **({} if port is None else {"ports": [{"port": port, "protocol": "TCP"}]})}


@pytest.mark.parametrize("address", METADATA)
def test_a_network_with_a_metadata_service_in_it_is_found(address: str) -> None:
    everything, length = ("::/0", 128) if ":" in address else ("0.0.0.0/0", 32)
    (wide,) = broken(RULE, policy(to(everything)))
    (outright,) = broken(RULE, policy(to("10.0.0.0/8"), to(f"{address}/{length}", port=None)))

    assert address in str(wide.finding.value).split(", ")
    assert wide.finding.path == "spec.egress[0].to[0].ipBlock"
    assert (outright.finding.path, outright.finding.value) == ("spec.egress[1].to[0].ipBlock", address)
    assert "advisory" in wide.rule.enforcement


@pytest.mark.parametrize("peers", [{}, {"to": []}])
def test_a_rule_for_everybody_is_found(peers: dict[str, Any]) -> None:
    (found,) = broken(RULE, policy({**peers, "ports": [{"port": 80}]}))

    assert (found.finding.path, found.finding.value) == ("spec.egress[0].to", MISSING)


@pytest.mark.parametrize(
    "rule",
    [
        to("0.0.0.0/0", "169.254.0.0/16", "168.63.129.16/32", "100.64.0.0/10"),
        to("::/0", "fc00::/7"),
        to("10.0.0.0/8"),
        to("169.254.20.10/32"),
        to("0.0.0.0/0", port=53),
        {"to": [{"podSelector": {}}, {"namespaceSelector": {}}]},
    ],
)
def test_what_leaves_them_out_is_let_be(rule: dict[str, Any]) -> None:
    assert broken(RULE, policy(rule)) == []


def test_a_way_in_is_let_be() -> None:
    opened = policy()
    opened["spec"]["ingress"] = [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]

    assert broken(RULE, opened) == []


def test_production_keeps_it() -> None:
    assert broken(RULE, *recorded("production").all("NetworkPolicy")) == []


def test_what_the_rule_knows_the_settings_leave_out() -> None:
    assert all(is_metadata(f"{address}/{128 if ':' in address else 32}") for address in METADATA)
