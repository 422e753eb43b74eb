"""The evaluator that the reachability test trusts, on the cases in which policies surprise."""

from typing import Any

import pytest

from tests.components.network.evaluator import Actor, World, selected

WEB = Actor(name="web", ip="10.1.0.1", namespace="own", labels={"app": "web"}, ports={("http", "TCP"): 8080})
DATABASE = Actor(name="db", ip="10.1.0.2", namespace="own", labels={"app": "db"})
STRANGER = Actor(name="stranger", ip="10.1.9.1", namespace="other", labels={"app": "web"})
HOST = Actor(name="host", ip="203.0.113.7")
NAMESPACES = {"own": {"name": "own", "team": "a"}, "other": {"name": "other", "team": "b"}}


def policy(namespace: str = "own", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def world(*policies: dict[str, Any], blocks_match_pods: bool = True) -> World:
    return World(policies=policies, namespaces=NAMESPACES, blocks_match_pods=blocks_match_pods)


def reaches(found: World, source: Actor, destination: Actor, port: int = 80, protocol: str = "TCP") -> bool:
    return found.reaches(source, destination, port, protocol)


def test_without_a_policy_everybody_reaches_everybody() -> None:
    assert reaches(world(), HOST, WEB)
    assert reaches(world(), WEB, HOST)


def test_a_policy_of_another_namespace_or_for_other_pods_closes_nothing() -> None:
    closed: dict[str, Any] = {"policyTypes": ["Ingress", "Egress"]}

    assert reaches(world(policy("other", **closed)), HOST, WEB)
    assert reaches(world(policy(podSelector={"matchLabels": {"app": "db"}}, **closed)), HOST, WEB)
    assert not reaches(world(policy(podSelector={"matchLabels": {"app": "web"}}, **closed)), HOST, WEB)


def test_a_policy_closes_only_the_directions_it_names() -> None:
    assert not reaches(world(policy(policyTypes=["Ingress"])), STRANGER, WEB)
    assert reaches(world(policy(policyTypes=["Ingress"])), WEB, STRANGER)
    assert reaches(world(policy(policyTypes=["Egress"])), STRANGER, WEB)
    assert not reaches(world(policy(policyTypes=["Egress"])), WEB, STRANGER)


def test_a_policy_that_names_no_direction_closes_the_way_out_only_if_it_has_rules_for_it() -> None:
    assert reaches(world(policy()), WEB, STRANGER)
    assert not reaches(world(policy()), STRANGER, WEB)
    assert not reaches(world(policy(egress=[{"ports": [{"port": 53}]}])), WEB, STRANGER, 80)


def test_a_connection_needs_both_ends() -> None:
    opened = policy(
        podSelector={"matchLabels": {"app": "web"}},
        policyTypes=["Egress"],
        egress=[{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}],
    )
    deny = policy(policyTypes=["Ingress", "Egress"])

    assert not reaches(world(deny, opened), WEB, DATABASE)
    assert reaches(world(opened), WEB, DATABASE)


def test_policies_add_up_and_none_takes_away() -> None:
    deny = policy(policyTypes=["Ingress"])
    first = policy(policyTypes=["Ingress"], ingress=[{"ports": [{"port": 80}]}])
    second = policy(policyTypes=["Ingress"], ingress=[{"ports": [{"port": 81}]}])

    assert [reaches(world(deny, first, second), HOST, WEB, port) for port in (80, 81, 82)] == [True, True, False]


@pytest.mark.parametrize("peers", [None, []])
def test_a_rule_without_peers_lets_in_everybody_and_no_rule_nobody(peers: list[Any] | None) -> None:
    rule = {} if peers is None else {"from": peers}

    assert reaches(world(policy(ingress=[rule])), HOST, WEB)
    assert not reaches(world(policy(ingress=[])), HOST, WEB)


def test_a_pod_selector_alone_means_pods_of_the_policys_own_namespace() -> None:
    found = world(policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]))

    assert reaches(found, WEB, DATABASE)
    assert not reaches(found, STRANGER, DATABASE)


def test_both_selectors_in_one_peer_mean_both_and_in_two_peers_either() -> None:
    namespace = {"namespaceSelector": {"matchLabels": {"team": "b"}}}
    pods = {"podSelector": {"matchLabels": {"app": "db"}}}

    assert not reaches(world(policy(ingress=[{"from": [{**namespace, **pods}]}])), STRANGER, WEB)
    assert reaches(world(policy(ingress=[{"from": [namespace, pods]}])), STRANGER, WEB)
    assert reaches(world(policy(ingress=[{"from": [namespace, pods]}])), DATABASE, WEB)


def test_an_empty_namespace_selector_means_every_namespace_and_no_host() -> None:
    found = world(policy(ingress=[{"from": [{"namespaceSelector": {}}]}]))

    assert reaches(found, STRANGER, WEB)
    assert not reaches(found, HOST, WEB)


def test_a_block_has_exceptions_and_is_of_one_address_family() -> None:
    block = {"ipBlock": {"cidr": "203.0.0.0/8", "except": ["203.0.113.0/24"]}}
    found = world(policy(egress=[{"to": [block]}], policyTypes=["Egress"]))

    assert not reaches(found, WEB, HOST)
    assert reaches(found, WEB, Actor(name="h", ip="203.0.114.1"))
    assert not reaches(found, WEB, Actor(name="h", ip="2001:db8::1"))


@pytest.mark.parametrize("matches", [True, False])
def test_whether_a_block_matches_pods_is_the_networks_choice(matches: bool) -> None:
    everywhere = policy(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])
    found = world(everywhere, blocks_match_pods=matches)

    assert reaches(found, STRANGER, WEB) is matches
    assert reaches(found, HOST, WEB)


def test_ports_are_by_number_range_name_and_protocol() -> None:
    def found(**port: Any) -> World:
        return world(policy(ingress=[{"ports": [port]}]))

    assert reaches(found(port=80), HOST, WEB, 80)
    assert not reaches(found(port=80), HOST, WEB, 81)
    assert not reaches(found(port=53), HOST, WEB, 53, "UDP")
    assert reaches(found(port=53, protocol="UDP"), HOST, WEB, 53, "UDP")
    assert reaches(found(protocol="UDP"), HOST, WEB, 9, "UDP")
    assert not reaches(found(protocol="UDP"), HOST, WEB, 9)
    assert [reaches(found(port=80, endPort=82), HOST, WEB, port) for port in (79, 80, 82, 83)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_named_port_is_the_destinations_also_on_the_way_out() -> None:
    incoming = world(policy(ingress=[{"ports": [{"port": "http"}]}]))
    outgoing = world(policy("other", policyTypes=["Egress"], egress=[{"ports": [{"port": "http"}]}]))

    assert reaches(incoming, HOST, WEB, 8080)
    assert not reaches(incoming, HOST, WEB, 80)
    assert not reaches(incoming, HOST, DATABASE, 8080), "it has no port of this name"
    assert reaches(outgoing, STRANGER, WEB, 8080)
    assert not reaches(outgoing, STRANGER, HOST, 8080)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("In", ["web"], [True, False, False]),
        ("NotIn", ["web"], [False, True, True]),
        ("Exists", None, [True, True, False]),
        ("DoesNotExist", None, [False, False, True]),
    ],
)
def test_expressions(operator: str, values: list[str] | None, expected: list[bool]) -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": operator, "values": values}]}

    assert [selected(selector, labels) for labels in ({"app": "web"}, {"app": "db"}, {})] == expected
    assert not selected({**selector, "matchLabels": {"tier": "front"}}, {"app": "web"})


def test_an_unknown_operator_is_no_silent_match() -> None:
    with pytest.raises(ValueError, match="Gt is no operator"):
        selected({"matchExpressions": [{"key": "app", "operator": "Gt"}]}, {})
