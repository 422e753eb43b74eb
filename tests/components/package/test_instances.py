"""Two instances of one program in one cluster have nothing in common, whatever is switched on."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from components.kit import names
from tests.components.network.actors import pods
from tests.components.network.evaluator import Actor, World
from tests.components.package.host import Host, host
from tests.components.package.test_host import arguments
from tests.components.registering import WHOLE

Made = dict[str, list[dict[str, Any]]]
TEAMS = ("team-a", "team-b")
PORTS = {value for name, value in vars(names).items() if name.endswith("_PORT")}
ISOLATED = [name for name in WHOLE if name.startswith("production")]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with host(environment, tmp_path_factory.mktemp("elsewhere")) as made:
        yield made


@pytest.fixture(scope="module")
def of_stack(process: Host) -> Callable[[str], Made]:
    """What `made` gives for a stack; no test changes it."""
    return cache(lambda name: made(name, process))


def made(name: str, process: Host) -> Made:
    """The objects of both instances of a stack, by namespace, that of a namespace itself by its name."""
    process.forget()
    stack, overrides = WHOLE[name]
    given = arguments(stack, overrides)
    for number, team in enumerate(TEAMS):
        own = {"namespace": {**given.get("namespace", {}), "name": team}, "host": f"{team}.example.com"}
        ports = {"service": {"nodePort": 30080 + number}} if "service" in given else {}
        process.construct(team, {**given, **own, **ports, "publicUrl": f"https://{team}.example.com"}, stack)
    found: Made = {}
    # Building the program refuses two resources that are the same object.
    for item in process.program(tuple(given["apiVersions"])).objects:
        found.setdefault(item.ref.namespace or item.ref.name, []).append(item.manifest)
    return found


@pytest.mark.parametrize("name", WHOLE)
def test_each_has_its_own_objects_and_none_for_the_whole_cluster_but_the_namespace(
    name: str, of_stack: Callable[[str], Made]
) -> None:
    found = of_stack(name)
    assert set(found) == set(TEAMS)
    one, other = ({(item["kind"], _without_digest(item)) for item in found[team]} for team in TEAMS)
    assert one == {(kind, object_name.replace("team-b", "team-a")) for kind, object_name in other}


@pytest.mark.parametrize("name", ISOLATED)
def test_no_pod_of_one_reaches_a_pod_of_the_other(name: str, of_stack: Callable[[str], Made]) -> None:
    found = of_stack(name)
    policies = tuple(item for team in TEAMS for item in found[team] if item["kind"] == "NetworkPolicy")
    labels = {
        item["metadata"]["name"]: {
            **item["metadata"]["labels"],
            "kubernetes.io/metadata.name": item["metadata"]["name"],
        }
        for team in TEAMS
        for item in found[team]
        if item["kind"] == "Namespace"
    }
    one, other = (_pods_of(found[team], team, number) for number, team in enumerate(TEAMS))
    assert len(one) == len(other) > 1
    assert World(policies=(), namespaces=labels, blocks_match_pods=True).reaches(one[0], other[0], 5432, "TCP")
    for blocks_match_pods in (True, False):
        world = World(policies=policies, namespaces=labels, blocks_match_pods=blocks_match_pods)
        reached = [
            (source.name, destination.name, port)
            for sources, destinations in ((one, other), (other, one))
            for source in sources
            for destination in destinations
            for port in PORTS
            if world.reaches(source, destination, port, "TCP")
        ]
        assert reached == []


def _pods_of(manifests: list[dict[str, Any]], team: str, number: int) -> list[Actor]:
    return [
        replace(pod, namespace=team, ip=pod.ip.replace("10.244.0.", f"10.244.{number}."))
        for pod in pods(manifests)
        # Those that others put there stand for anybody.
        if names.COMPONENT in pod.labels
    ]


def _without_digest(item: dict[str, Any]) -> str:
    """A Job is named by what is in it, its namespace too."""
    name = str(item["metadata"]["name"])
    return name.rpartition("-")[0] if item["kind"] == "Job" else name


def test_two_that_are_made_at_once_are_both_whole_and_a_refusal_is_of_one(process: Host) -> None:
    """The engine asks for all resources at once; each has its own settings, parts and errors."""
    stack, overrides = WHOLE[ISOLATED[0]]
    given = arguments(stack, overrides)
    made(ISOLATED[0], process)
    one_by_one = {team: _named(process, team) for team in TEAMS}
    process.forget()

    def make(team: str) -> str:
        own = {"namespace": {**given.get("namespace", {}), "name": team}, "publicUrl": f"https://{team}.example.com"}
        wrong = {"size": "huge"} if team == "team-c" else {}
        try:
            answer = process.construct(team, {**given, **own, **wrong, "host": f"{team}.example.com"}, stack)
        except grpc.RpcError as error:
            return str(error.details())
        return str(answer.state["url"])

    with ThreadPoolExecutor(3) as pool:
        found = dict(zip((*TEAMS, "team-c"), pool.map(make, (*TEAMS, "team-c")), strict=True))
    assert {team: found[team] for team in TEAMS} == {team: f"https://{team}.example.com" for team in TEAMS}
    assert found["team-c"].startswith('size = "huge": must be one of')
    assert {team: _named(process, team) for team in TEAMS} == one_by_one
    assert not _named(process, "team-c")


def _named(process: Host, team: str) -> set[tuple[str, str]]:
    return {(item.type, item.name) for item in process.monitor.registrations.values() if item.name.startswith(team)}
