"""On simulated nodes every command either needs no container, or says at once that none runs."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import Result

from flagops.kubernetes.objects import Ref
from flagops.kubernetes.refusals import ApiError, DeniedError
from flagops.kubernetes.simulated_nodes import nothing_runs
from flagops.local_cluster import objects
from flagops.stacks import target
from flagops.stacks.deployed import Instance, open_instance
from flagops.stacks.target import StackTarget
from tests.platform import Platform

Run = Callable[..., Result]

# What needs a container, as somebody types it; all that asks for a confirmation does so after the refusal. The other
# commands are in tests/flagops/cli/test_every_command.py, which demands a line of every command.
NEEDS_CONTAINERS = {
    "logs": ("logs", "logs --follow", "logs --request-id 1"),
    "restart": ("restart",),
    "shell": ("shell", "shell --component database"),
    "port-forward": ("port-forward --port 0",),
    "open": ("open",),
    "dashboard": ("dashboard service",),
    "smoke": ("smoke", "smoke --json"),
    "audit": ("audit",),
    "upgrade": ("upgrade 2.266.0 --yes", "upgrade --back --yes", "upgrade 2.266.0 --plan"),
    "flags plan": ("flags plan",),
    "flags apply": ("flags apply --yes",),
    "flags export": ("flags export",),
    "flags set": ("flags set banner --off -e development --reason late --yes",),
    "flags release": ("flags release banner",),
    "flags rollout run": ("flags rollout run --once", "flags rollout run --once --json"),
    "flags rollout status": ("flags rollout status", "flags rollout status --json"),
    "flags rollout start": ("flags rollout start banner --reason now --yes",),
    "flags rollout pause": ("flags rollout pause banner --reason lunch",),
    "flags rollout resume": ("flags rollout resume banner --reason mended --yes",),
    "flags rollout back": ("flags rollout back banner --reason slow",),
    "flags diff": ("flags diff development staging --live",),
    "flags get": ("flags get --environment development",),
    "flags explain": ("flags explain banner --environment development",),
    "flags usage": ("flags usage",),
    "flags report": ("flags report --out /nonexistent/report.html",),
    "keys list": ("keys list",),
    "keys sync": ("keys sync",),
    "keys adopt": ("keys adopt",),
    "keys register": ("keys register",),
    "keys rotate": ("keys rotate development --client --yes",),
    "db check": ("db check",),
    "db connections": ("db connections",),
    "db psql": ("db psql",),
    "db backup": ("db backup",),
    "db backups": ("db backups",),
    "db restore": ("db restore latest --yes", "db restore latest"),
    "db drill": ("db drill",),
    "db move": ("db move cloudnativepg --yes", "db move --abort --yes", "db move --forget --yes"),
    "db switchover": ("db switchover --yes",),
    "db upgrade": ("db upgrade 18.0-bookworm --yes",),
    "tasks list": ("tasks list", "tasks list --json"),
    "tasks unlock": ("tasks unlock --yes",),
    "cache info": ("cache info",),
    "cache flush": ("cache flush --yes",),
    "cache latency": ("cache latency",),
    "admin password": ("admin password --reset --yes",),
    "secrets rotate": ("secrets rotate django --yes",),
}
MOST_SECONDS = 1.0


def test_a_simulated_cluster_s_nodes_are_marked_as_kwok_s_own_are() -> None:
    for node in objects.nodes("v1.37.0"):
        assert node["metadata"]["labels"]["type"] == "kwok"
        assert node["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}


def node(name: str, **metadata: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}}


def pod(on: str, *, container: str | None = None) -> dict[str, Any]:
    state = {"name": "main", "state": {"running": {}}, **({"containerID": container} if container else {})}
    return {"metadata": {"name": "pod"}, "spec": {"nodeName": on}, "status": {"containerStatuses": [state]}}


REAL, LABELLED = node("real"), node("labelled", labels={"type": "kwok"})
ANNOTATED = node("annotated", annotations={"kwok.x-k8s.io/node": "fake"})


class Cluster:
    """What a client lists: nodes, unless they may not be seen, and pods."""

    def __init__(self, nodes: list[dict[str, Any]] | ApiError, *pods: dict[str, Any]) -> None:
        self._nodes, self._pods = nodes, list(pods)

    def list(self, _: str, kind: str, namespace: str) -> list[dict[str, Any]]:
        if kind == "Pod":
            assert namespace == "feature-flags"
            return self._pods
        if isinstance(self._nodes, ApiError):
            raise self._nodes
        return self._nodes


FORBIDDEN = DeniedError(403, "Forbidden", "nodes is forbidden", "Cannot list Node")


@pytest.mark.parametrize(
    ("cluster", "nothing"),
    [
        (Cluster([LABELLED]), True),
        (Cluster([ANNOTATED, LABELLED]), True),
        (Cluster([REAL]), False),
        (Cluster([]), False),
        (Cluster([REAL, ANNOTATED], pod("annotated")), True),
        (Cluster([REAL, ANNOTATED], pod("real")), False),
        (Cluster([REAL, ANNOTATED]), False),
        (Cluster(FORBIDDEN, pod("unknown")), True),
        (Cluster(FORBIDDEN, pod("unknown", container="containerd://1")), False),
        (Cluster(FORBIDDEN), False),
    ],
)
def test_it_is_told_by_the_nodes_or_by_the_pods_where_nodes_may_not_be_seen(cluster: Any, nothing: bool) -> None:
    assert nothing_runs(cluster, "feature-flags") is nothing


@pytest.fixture(scope="module")
def simulated(platform: Platform) -> Iterator[Instance]:
    """The deployed stack, on nodes that are marked as kwok's: reached by a kubeconfig, whoever made the cluster."""
    platform.up()
    found = StackTarget(platform.stack(), platform.cluster.context, platform.cluster.kubeconfig)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, "find", lambda _: found)
        with open_instance("local") as instance:
            names = [str(item["metadata"]["name"]) for item in instance.client.list("v1", "Node", "")]

            def mark(value: str | None) -> None:
                for name in names:
                    instance.client.merge(Ref("v1", "Node", "", name), {"metadata": {"labels": {"type": value}}})

            mark("kwok")
            yield instance
            mark(None)


@pytest.mark.cluster
@pytest.mark.parametrize("line", [line for lines in NEEDS_CONTAINERS.values() for line in lines])
@pytest.mark.usefixtures("simulated")
def test_a_command_that_needs_a_container_is_refused_in_one_sentence_at_once(run: Run, line: str) -> None:
    before = time.process_time()
    result = run(*line.split())
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    errors = [text for text in result.stderr.splitlines() if text.startswith("Error: ")]
    refusal = "Nothing runs in the stack 'local': the nodes in context 'flagsmith-local' are simulated"
    assert errors == [f"Error: {refusal}, and this needs a container."]
    assert "start Docker" in result.stderr
    assert time.process_time() - before < MOST_SECONDS


@pytest.mark.cluster
def test_status_is_not_green_and_names_no_address(run: Run, simulated: Instance) -> None:
    result = run("status")
    assert result.exit_code == 1
    assert simulated.settings.url not in result.output
    assert "served nowhere: the nodes are simulated" in result.stdout
    assert "Nothing runs" in result.stderr


@pytest.mark.cluster
@pytest.mark.usefixtures("simulated")
def test_status_for_programs_says_it_too(run: Run) -> None:
    found = json.loads(run("status", "--json").stdout)
    assert (found["is_simulated"], found["is_fine"]) == (True, False)


@pytest.mark.cluster
@pytest.mark.usefixtures("simulated")
def test_doctor_looks_at_objects_and_says_that_nothing_runs(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    assert "The nodes are simulated: no container runs" in result.output
