"""Who reaches whom by the rendered policies, against the table of docs/network.md."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from components.kit import names
from tests.components.network.actors import COMPONENT, NAMESPACES, OUTSIDE, templates
from tests.components.network.clusters import CLUSTERS
from tests.components.network.evaluator import World, selected
from tests.components.network.expected import holds, listed
from tests.components.network.reachable import reachable
from tests.components.network.rendered import Rendered, rendered, settings_of, stack_of
from tests.components.network.table import rows
from tests.components.network.variants import CONDITIONS, VARIANTS

# What a stack may have no more: the ways there stay open until the pods are replaced that take them (test_rolled_out).
LEAVING: Final[tuple[dict[str, Any], ...]] = (
    {"matchLabels": names.selector("cache")},
    {"matchExpressions": [{"key": "cnpg.io/poolerName", "operator": "Exists"}]},
)


@pytest.fixture(params=VARIANTS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    directory = tmp_path_factory.getbasetemp() / "network" / str(list(VARIANTS).index(request.param))
    return rendered(request.param, directory)


@pytest.fixture(params=[True, False], ids=["blocks match pods", "blocks match hosts alone"])
def blocks_match_pods(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_what_the_policies_let_pass_is_what_the_table_lists(stack: Rendered, blocks_match_pods: bool) -> None:
    found = reachable(stack, blocks_match_pods=blocks_match_pods)
    table = set(listed(stack, blocks_match_pods=blocks_match_pods))

    assert not found - table, "open, and not in the table"
    assert not table - found, "in the table, and cut off"


def test_every_row_of_the_table_is_tried_by_some_stack() -> None:
    stacks = [settings_of(stack_of(overrides)) for overrides in VARIANTS.values()]

    assert [row for row in rows() if not any(holds(row, settings) for settings in stacks)] == []
    for condition, is_so in CONDITIONS.items():
        assert any(condition in row.when for row in rows()), condition
        assert condition == "always" or not all(is_so(settings) for settings in stacks), condition


def test_every_rule_is_needed(stack: Rendered) -> None:
    """A peer or a port fewer cuts something off: the policies hold nothing that the actors do not try."""
    before = reachable(stack, blocks_match_pods=False)
    actors = {actor.name: actor for actor in stack.actors}
    for where, fewer in _with_less(stack.policies):
        world = World(policies=fewer, namespaces=NAMESPACES, blocks_match_pods=False)
        assert any(not world.reaches(actors[a], actors[b], port, protocol) for a, b, port, protocol in before), where


def _with_less(policies: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, tuple[dict[str, Any], ...]]]:
    has = [policy["spec"]["podSelector"] for policy in policies]
    absent = [{"podSelector": selector} for selector in LEAVING if selector not in has]
    for number, policy in enumerate(policies):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for index, rule in enumerate(policy["spec"].get(direction, ())):
                for key in (peers, "ports"):
                    if all(peer in absent for peer in rule[peers]):
                        continue
                    for item, part in enumerate(rule[key]):
                        if part in absent:
                            continue
                        changed = copy.deepcopy(policy)
                        left = changed["spec"][direction][index]
                        del left[key][item]
                        # An empty list would mean everybody, or every port.
                        if not left[key]:
                            del changed["spec"][direction][index]
                        where = f"{policy['metadata']['name']}: {direction}[{index}].{key}[{item}]"
                        yield where, (*policies[:number], changed, *policies[number + 1 :])


def test_every_exception_is_needed(stack: Rendered) -> None:
    """One fewer lets a way lead to somebody: no network is left out for nothing."""
    for number, policy in enumerate(stack.policies):
        selector = policy["spec"]["podSelector"]
        source = next((actor for actor in stack.actors if selector and selected(selector, actor.labels)), None)
        for index, rule in enumerate(policy["spec"].get("egress", ())):
            for place, peer in enumerate(rule["to"]):
                for item, network in enumerate(peer.get("ipBlock", {}).get("except", ())):
                    changed = copy.deepcopy(policy)
                    del changed["spec"]["egress"][index]["to"][place]["ipBlock"]["except"][item]
                    fewer = (*stack.policies[:number], changed, *stack.policies[number + 1 :])
                    worlds = [
                        World(policies=policies, namespaces=NAMESPACES, blocks_match_pods=False)
                        for policies in (stack.policies, fewer)
                    ]
                    port = rule["ports"][0]["port"]
                    assert source is not None
                    before, after = (
                        {actor.name for actor in OUTSIDE if world.reaches(source, actor, port, "TCP")}
                        for world in worlds
                    )
                    assert before < after, f"{policy['metadata']['name']}: {network} is left out of {peer} for nothing"


def test_every_pod_of_the_namespace_is_closed_in_both_directions(stack: Rendered) -> None:
    deny = [policy["spec"] for policy in stack.policies if policy["spec"]["podSelector"] == {}]

    assert [spec["policyTypes"] for spec in deny] == [["Ingress", "Egress"]]
    assert not {"ingress", "egress"} & deny[0].keys()


def test_whoever_has_the_way_to_the_database_or_to_redis_in_its_environment_has_it_on_the_network(
    stack: Rendered,
) -> None:
    found = reachable(stack, blocks_match_pods=False)
    places = {
        "DATABASE_URL": ("database", "pooler", "outside PostgreSQL", 5432),
        "REDIS_URL": ("cache", "outside Redis", 6379),
    }
    for name, template in templates(stack.manifests):
        component = template["metadata"]["labels"][COMPONENT]
        containers = [*template["spec"].get("initContainers", ()), *template["spec"]["containers"]]
        variables = {variable["name"] for item in containers for variable in item.get("env", ())}
        for variable in variables & places.keys():
            *servers, port = places[variable]
            assert any((component, server, port, "TCP") in found for server in servers if server != component), name


def test_prometheus_reaches_every_port_of_metrics_and_no_other(stack: Rendered) -> None:
    found = reachable(stack, blocks_match_pods=False)
    ports = {
        (actor.name, number) for actor in stack.actors for (name, _), number in actor.ports.items() if name == "metrics"
    }

    assert stack.settings.is_edge or len(ports) >= 2
    assert {(other, port) for who, other, port, _ in found if who == "Prometheus"} == ports


def test_every_component_has_a_policy_of_its_own(stack: Rendered) -> None:
    """One without any is cut off altogether: a new component that somebody forgot."""
    components = {template["metadata"]["labels"][COMPONENT] for _, template in templates(stack.manifests)}
    found = [policy["spec"]["podSelector"].get("matchLabels", {}).get(COMPONENT) for policy in stack.policies]

    assert components == {component for component in found if component is not None}


@pytest.mark.parametrize("stack", CLUSTERS, indirect=True)
def test_the_servers_of_a_cluster_that_was_kept_under_another_name_go_on(stack: Rendered) -> None:
    """Without its operator and the API server a server is fenced: the data that was kept could not be looked at."""
    by_name = {actor.name: actor for actor in stack.actors}
    kept = [
        replace(by_name["database"], name=f"kept-{n}", ip=f"10.244.0.{n}", labels={"cnpg.io/cluster": "kept"})
        for n in (244, 245)
    ]
    world = World(policies=stack.policies, namespaces=NAMESPACES, blocks_match_pods=False)
    for port in (5432, 8000):
        assert world.reaches(by_name["operator of CloudNativePG"], kept[0], port, "TCP")
        assert world.reaches(kept[0], kept[1], port, "TCP")
    assert world.reaches(kept[0], by_name["API server"], 443, "TCP")
    assert not world.reaches(by_name["pod of somebody else in the namespace"], kept[0], 5432, "TCP")
    for name in ("pooler",) if stack.settings.pooled else ():
        assert not world.reaches(by_name["operator of CloudNativePG"], by_name[name], 8000, "TCP")
