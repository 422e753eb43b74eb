"""An edge alone on the cluster, in a namespace beside a whole Flagsmith's: deployed, looked at, and taken away."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import Result

from flagops.commands.smoke import http
from flagops.engines.direct.api import DirectEngine
from flagops.errors import RefusedError
from flagops.stacks import target
from flagops.stacks.files import Stack
from flagops.stacks.target import StackTarget
from tests.containers import EDGE_NAMESPACE, Containers
from tests.doubles.edge import Edge, serve
from tests.platform import Platform
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
KEYS = "edge-keys"
CLIENT_KEY = "client-key-of-the-primary"
SETTINGS = {
    "role": "edge",
    "host": "flags.eu.example.com",
    "namespace": {"name": EDGE_NAMESPACE},
    "edge": {"enabled": True, "existingSecret": KEYS, "primary": {"url": "https://primary.example.com"}},
    "ingress": {"className": "traefik", "tls": {"from": "controller"}, "awaitAddress": False},
    "networkPolicy": {"enabled": True, "ingressNamespace": "traefik", "egress": {"primary": {"to": []}}},
}
OBJECTS = f"/api/v1/namespaces/{EDGE_NAMESPACE}"


def stack_with(platform: Platform, **changed: object) -> Stack:
    values = {**SETTINGS, "context": platform.cluster.context, **changed}
    config = {"pulumi:disable-default-providers": ["kubernetes"]}
    config |= {f"feature-flags:{key}": value for key, value in values.items()}  # type: ignore[misc]
    return replace(platform.stack(), name="eu", config=config)


def engine(platform: Platform, stack: Stack) -> DirectEngine:
    return DirectEngine(ROOT, stack, platform.cluster.kubeconfig, platform.cluster.context)


@pytest.fixture(scope="module")
def edge_alone(platform: Platform) -> Iterator[Stack]:
    """Deployed, with a Secret of somebody's, and gone at the end without a trace."""
    stack = stack_with(platform)
    engine(platform, stack).up()
    pairs = [{"server_side_key": "ser.of-the-primary", "client_side_key": CLIENT_KEY}]
    secret = {
        "metadata": {"name": KEYS},
        "data": {"ENVIRONMENT_KEY_PAIRS": base64.b64encode(json.dumps(pairs).encode()).decode()},
    }
    platform.http.post(f"{OBJECTS}/secrets", json=secret).raise_for_status()
    yield stack
    engine(platform, stack).down()
    assert platform.items("/api/v1/namespaces", **{"kubernetes.io/metadata.name": EDGE_NAMESPACE}) == []


@pytest.fixture
def chosen(edge_alone: Stack, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `--stack` leads to."""
    found = StackTarget(edge_alone, platform.cluster.context, platform.cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)


@pytest.fixture
def proxies(containers: Containers) -> Iterator[Edge]:
    """The double, where the ports of both proxies lead."""
    with serve(Edge({CLIENT_KEY: CLIENT_KEY}), containers.api_port) as edge:
        edge.updated = datetime.now(UTC).replace(tzinfo=None).isoformat()
        yield edge
    containers.write_log("edge-proxy")


def test_its_proxies_are_there_on_two_nodes_behind_policies_and_nothing_else_is(
    platform: Platform, edge_alone: Stack
) -> None:
    pods = platform.items(f"{OBJECTS}/pods")
    assert {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in pods} == {"edge"}
    assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods) == 2
    policies = platform.items(f"/apis/networking.k8s.io/v1/namespaces/{EDGE_NAMESPACE}/networkpolicies")
    assert {item["metadata"]["name"] for item in policies} == {"flagsmith-default-deny", "flagsmith-edge"}
    assert platform.items(f"{OBJECTS}/persistentvolumeclaims") == []
    assert not engine(platform, edge_alone).up().changed


def test_another_role_is_refused_before_anything_changes(platform: Platform, edge_alone: Stack) -> None:
    before = platform.items(f"{OBJECTS}/configmaps")
    whole = replace(platform.stack({"namespace": {"name": EDGE_NAMESPACE}}), name=edge_alone.name)
    with pytest.raises(RefusedError, match="has only an edge, which cannot become a whole Flagsmith"):
        engine(platform, whole).up()
    assert platform.items(f"{OBJECTS}/configmaps") == before


@pytest.mark.usefixtures("chosen")
def test_the_status_is_that_of_proxies(run: Run) -> None:
    shown = run("status", "--stack", "eu")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    text = " ".join(shown.stdout.split())
    assert "eu: Edge Proxy 2.23.0" in text
    assert "2 proxies with documents, on 2 nodes" in text
    assert "Flagsmith 2." not in text


@pytest.mark.usefixtures("chosen")
def test_the_doctor_asks_the_proxies_and_misses_no_flagsmith(run: Run, proxies: Edge, containers: Containers) -> None:
    def found() -> set[str]:
        result = run("doctor", "--stack", "eu", "--json")
        # The public name is nobody's.
        return {finding["name"] for finding in json.loads(result.stdout)} - {"dns-public"}

    assert found() == set()
    proxies.updated = "2026-01-01T00:00:00"
    assert found() == {"edge-stale"}
    proxies.updated = None
    containers.write_log("edge-proxy", "Client error '403 Forbidden' for url 'https://primary.example.com'")
    assert found() == {"edge-key-refused"}


@pytest.mark.usefixtures("chosen")
def test_smoke_asks_with_a_key_of_the_proxies_secret(run: Run, proxies: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """At an address of the stack, here the proxies' own, by which everything is published: that is found."""
    monkeypatch.setattr(http, "START_SECONDS", 0.1)
    # The double has one user alone.
    skipped = ("--skip", "identities", "--skip", "traits")
    result = run("smoke", "--stack", "eu", "--url", proxies.url, *skipped, "--json")
    outcomes = {item["name"]: item["outcome"] for item in json.loads(result.stdout)}
    assert outcomes["flags"] == outcomes["edge"] == outcomes["wrong-key"] == "passed"
    assert outcomes["edge-documents"] == "failed"
    assert outcomes["log-in"] == outcomes["round-trip"] == "skipped"


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize(
    "line", ["db backup", "keys list", "restart -c api", "logs -c task-processor", "shell -c database"]
)
def test_what_needs_a_flagsmith_says_that_there_is_none(run: Run, line: str) -> None:
    result = run(*line.split(), "--stack", "eu")
    assert result.exit_code == 1
    assert "edge alone" in result.stderr
