"""Who reaches whom by the rendered policies, against the table of docs/network.md."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import PROJECT, Settings, parse
from ops.engine.gitops import KUSTOMIZATION
from ops.engine.render import render
from ops.stacks import Stack, load_stack
from tests.network.actors import COMPONENT, GROUPS, INTERNET, NAMESPACES, OUTSIDE, OWN, pods, templates
from tests.network.evaluator import Actor, World
from tests.network.table import Row, rows
from tests.network.variants import CONDITIONS, VARIANTS
from tests.recording import ROOT

# Beside those of the table and of the containers: what somebody would try.
TRIED = (22, 80, 443, 2049, 6443, 8080, 10250)
EGRESS_OF = {
    "outside PostgreSQL": "postgres",
    "outside Redis": "redis",
    "outside mail server": "smtp",
    "outside bucket": "s3",
    "outside log-in services": "login",
    "outside collector": "tracing",
    "outside audit endpoint": "audit",
}
SECTION_OF = {"s3": "backup"}
Connection = tuple[str, str, int, str]


@dataclass(frozen=True)
class Rendered:
    """A stack, its settings and what `ff render` made of it."""

    variant: str
    settings: Settings
    manifests: tuple[dict[str, Any], ...]

    @property
    def policies(self) -> tuple[dict[str, Any], ...]:
        return tuple(item for item in self.manifests if item["kind"] == "NetworkPolicy")

    @property
    def actors(self) -> tuple[Actor, ...]:
        return (*pods(self.manifests), *OUTSIDE)


def stack_of(overrides: Mapping[str, object]) -> Stack:
    loaded = load_stack("production", ROOT)
    return replace(loaded, config=dict(loaded.config) | {f"{PROJECT}:{key}": value for key, value in overrides.items()})


def settings_of(stack: Stack) -> Settings:
    return parse({key.partition(":")[2]: v for key, v in stack.config.items() if key.startswith(f"{PROJECT}:")})


@cache
def _rendered(variant: str, directory: Path) -> Rendered:
    stack = stack_of(VARIANTS[variant])
    files = [path for path in render(ROOT, stack, directory) if path.name != KUSTOMIZATION]
    texts = [path.read_text(encoding="utf-8") for path in files]
    manifests = tuple(item for text in texts for item in yaml.safe_load_all(text) if item)
    return Rendered(variant, settings_of(stack), manifests)


@pytest.fixture(params=VARIANTS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    directory = tmp_path_factory.getbasetemp() / "network" / str(list(VARIANTS).index(request.param))
    return _rendered(request.param, directory)


@pytest.fixture(params=[True, False], ids=["blocks match pods", "blocks match hosts alone"])
def blocks_match_pods(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def reachable(stack: Rendered, policies: tuple[dict[str, Any], ...], blocks_match_pods: bool) -> set[Connection]:
    """Every connection that the policies let pass, with one end at least in the stack's namespace."""
    world = World(policies=policies, namespaces=NAMESPACES, blocks_match_pods=blocks_match_pods)
    actors = stack.actors
    numbers = {number for row in rows() for number, _ in row.ports} | set(TRIED)
    numbers |= {number for actor in actors for number in actor.ports.values()}
    return {
        (source.name, destination.name, number, protocol)
        for source in actors
        for destination in actors
        if OWN in (source.namespace, destination.namespace)
        for number in numbers
        for protocol in ("TCP", "UDP")
        if world.reaches(source, destination, number, protocol)
    }


def meant(word: str, stack: Rendered) -> frozenset[str]:
    """The names of those whom a word of the table means in this stack."""
    if word == "ingress controller":
        network = stack.settings.network_policy
        on_its_node = frozenset({"node"} if network.ingress_cidrs else ())
        return on_its_node | (GROUPS[word] if network.ingress_namespace else frozenset())
    if word in GROUPS:
        return GROUPS[word]
    if word in EGRESS_OF:
        key = EGRESS_OF[word]
        if getattr(stack.settings.network_policy.egress, key).to:
            return frozenset({word})
        s3 = stack.settings.backup.s3
        if key == "login" or (key == "s3" and s3 is not None and s3.endpoint is None):
            return INTERNET
        if ".svc" in str(VARIANTS[stack.variant].get(SECTION_OF.get(key, key))):
            return frozenset(actor.name for actor in OUTSIDE if actor.namespace == "default")
        return frozenset(actor.name for actor in OUTSIDE)
    names = {actor.name for actor in stack.actors}
    assert word in names, f"{word}: who is that? There are {sorted(names)}"
    return frozenset({word})


def listed(stack: Rendered) -> Iterator[Connection]:
    """Every connection that the table has for this stack."""
    for row in rows():
        if _holds(row, stack.settings):
            for source in meant(row.source, stack):
                for destination in meant(row.destination, stack):
                    for number, protocol in row.ports:
                        yield source, destination, number, protocol


def _holds(row: Row, settings: Settings) -> bool:
    return all(CONDITIONS[condition](settings) for condition in row.when) and not (
        # Without anybody to call, there are no calls.
        row.source == "client applications" and not settings.network_policy.clients
    )


def test_what_the_policies_let_pass_is_what_the_table_lists(stack: Rendered, blocks_match_pods: bool) -> None:
    found, table = reachable(stack, stack.policies, blocks_match_pods), set(listed(stack))

    assert not found - table, "open, and not in the table"
    assert not table - found, "in the table, and cut off"


def test_every_row_of_the_table_is_tried_by_some_stack() -> None:
    stacks = [settings_of(stack_of(overrides)) for overrides in VARIANTS.values()]

    assert [row for row in rows() if not any(_holds(row, settings) for settings in stacks)] == []
    for condition, holds in CONDITIONS.items():
        assert any(condition in row.when for row in rows()), condition
        assert condition == "always" or not all(holds(settings) for settings in stacks), condition


def test_every_rule_is_needed(stack: Rendered) -> None:
    """A peer or a port fewer cuts something off: the policies hold nothing that the actors do not try."""
    before = reachable(stack, stack.policies, blocks_match_pods=False)
    actors = {actor.name: actor for actor in stack.actors}
    for where, fewer in _with_less(stack.policies):
        world = World(policies=fewer, namespaces=NAMESPACES, blocks_match_pods=False)
        assert any(not world.reaches(actors[a], actors[b], port, protocol) for a, b, port, protocol in before), where


def _with_less(policies: tuple[dict[str, Any], ...]) -> Iterator[tuple[str, tuple[dict[str, Any], ...]]]:
    for number, policy in enumerate(policies):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for index, rule in enumerate(policy["spec"].get(direction, ())):
                for key in (peers, "ports"):
                    for item in range(len(rule[key])):
                        changed = copy.deepcopy(policy)
                        left = changed["spec"][direction][index]
                        del left[key][item]
                        # An empty list would mean everybody, or every port.
                        if not left[key]:
                            del changed["spec"][direction][index]
                        where = f"{policy['metadata']['name']}: {direction}[{index}].{key}[{item}]"
                        yield where, (*policies[:number], changed, *policies[number + 1 :])


def test_every_pod_of_the_namespace_is_closed_in_both_directions(stack: Rendered) -> None:
    deny = [policy["spec"] for policy in stack.policies if policy["spec"]["podSelector"] == {}]

    assert [spec["policyTypes"] for spec in deny] == [["Ingress", "Egress"]]
    assert not {"ingress", "egress"} & deny[0].keys()


def test_whoever_has_the_way_to_the_database_or_to_redis_in_its_environment_has_it_on_the_network(
    stack: Rendered,
) -> None:
    found = reachable(stack, stack.policies, blocks_match_pods=False)
    places = {
        "DATABASE_URL": ("database", "outside PostgreSQL", 5432),
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
    found = reachable(stack, stack.policies, blocks_match_pods=False)
    ports = {
        (actor.name, number) for actor in stack.actors for (name, _), number in actor.ports.items() if name == "metrics"
    }

    assert len(ports) >= 2
    assert {(other, port) for who, other, port, _ in found if who == "Prometheus"} == ports


def test_every_component_has_a_policy_of_its_own(stack: Rendered) -> None:
    """One without any is cut off altogether: a new component that somebody forgot."""
    components = {template["metadata"]["labels"][COMPONENT] for _, template in templates(stack.manifests)}
    selected = [policy["spec"]["podSelector"].get("matchLabels", {}).get(COMPONENT) for policy in stack.policies]

    assert components == {component for component in selected if component is not None}
