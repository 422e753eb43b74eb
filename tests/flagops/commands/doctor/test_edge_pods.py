"""What the doctor sees of the edge's pods, their logs and their Secret, on a cluster that answers what a test says."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from flagops.commands.doctor import edge as examined
from flagops.commands.doctor.edge import edge_documents, edge_pods
from flagops.commands.doctor.edge_keys import edge_keys
from flagops.commands.doctor.model import Check, DoctorFinding, Examination
from flagops.commands.doctor.secrets import changed_secrets
from flagops.commands.doctor.workloads import rollouts
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import DeniedError
from flagops.stacks.deployed import Instance
from tests.doubles.edge import Edge, serve
from tests.flagops.commands.edges import Cluster, node, proxy, stack_with

Answering = Callable[..., None]
REFUSED = (
    "httpx.HTTPStatusError: Client error '403 Forbidden' for url 'http://flagsmith:8000/api/v1/environment-document/'"
)
AWAY = "httpx.ConnectError: All connection attempts failed"
PAIRS = [{"server_side_key": "ser.K4zzSECRETzz", "client_side_key": "client"}]
NODES = (node("a"), node("b"))


def keys(pairs: Any = PAIRS, name: str = "flagsmith-edge-keys") -> Manifest:
    text = json.dumps(pairs).encode()
    return {
        "kind": "Secret",
        "metadata": {"name": name},
        "data": {"ENVIRONMENT_KEY_PAIRS": base64.b64encode(text).decode()},
    }


def found(check: Check, place: Instance) -> dict[str, DoctorFinding]:
    return {finding.name: finding for finding in check(Examination(place))}


def test_enough_proxies_on_several_nodes_are_well() -> None:
    assert found(edge_pods, stack_with(proxy("edge-1", "a"), proxy("edge-2", "b"), *NODES)) == {}


def test_fewer_than_two_with_documents_are_named_with_their_nodes() -> None:
    cold = proxy("edge-2", "b", is_ready=False)
    finding = found(edge_pods, stack_with(proxy("edge-1", "a"), cold, *NODES))["edge-not-warm"]
    assert finding.what == "Proxies of the edge with documents: 1; 2 are the fewest."
    assert finding.evidence == ("edge-1 on a",)
    finding = found(edge_pods, stack_with(cold, *NODES))["edge-not-warm"]
    assert finding.evidence == ("no proxy is ready",)


@pytest.mark.parametrize(
    ("nodes", "is_found"),
    [
        (NODES, True),
        ((node("a"),), False),
        ((node("a"), node("b", unschedulable=True)), False),
        ((node("a"), node("b", is_ready=False)), False),
    ],
)
def test_all_on_one_node_is_a_fault_where_another_could_take_one(
    nodes: tuple[Manifest, ...], *, is_found: bool
) -> None:
    place = stack_with(proxy("edge-1", "a"), proxy("edge-2", "a"), *nodes)
    findings = found(edge_pods, place)
    assert set(findings) == ({"edge-on-one-node"} if is_found else set())
    if is_found:
        assert "only while Flagsmith is there" in findings["edge-on-one-node"].fix


def test_nodes_that_may_not_be_read_are_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Cluster.list

    def denied(cluster: Cluster, api_version: str, kind: str, namespace: str, **selectors: str) -> list[Manifest]:
        if kind == "Node":
            raise DeniedError(403, "Forbidden", "nodes is forbidden", "list nodes")
        return listed(cluster, api_version, kind, namespace, **selectors)

    monkeypatch.setattr(Cluster, "list", denied)
    assert found(edge_pods, stack_with(proxy("edge-1", "a"), proxy("edge-2", "a"), *NODES)) == {}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Let the proxies' ports lead to these doubles, by the pods' names."""
    with ExitStack() as servers:

        def serve_all(**edges: Edge) -> None:
            ports = {
                name.replace("_", "-"): urlsplit(servers.enter_context(serve(edge)).url).port
                for name, edge in edges.items()
            }

            @contextmanager
            def forwarded(_: Instance, choose: Callable[[], Manifest], port: int) -> Iterator[int | None]:
                assert port == 8000
                yield ports[choose()["metadata"]["name"]]

            monkeypatch.setattr(examined, "forward_to", forwarded)

        yield serve_all


def just_now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


def test_each_proxy_is_asked_and_one_that_stands_still_is_named(answering: Answering) -> None:
    pods = (proxy("edge-1", "a"), proxy("edge-2", "b"))
    good = {"client": "client"}
    answering(edge_1=Edge(good, just_now()), edge_2=Edge(good, just_now()))
    assert found(edge_documents, stack_with(*pods, keys())) == {}
    answering(edge_1=Edge(good, just_now()), edge_2=Edge(good))
    finding = found(edge_documents, stack_with(*pods, keys(), logs={"edge-2": AWAY}))["edge-stale"]
    assert [text.partition(":")[0] for text in finding.evidence] == ["edge-2"]


def test_a_proxy_that_flagsmith_refuses_is_told_from_one_that_does_not_reach_it(answering: Answering) -> None:
    pods = (proxy("edge-1", "a", is_ready=False), proxy("edge-2", "b", is_ready=False))
    answering(edge_1=Edge(updated=None), edge_2=Edge(updated=None))
    logs = {"edge-1": f"Traceback\n{REFUSED}\n", "edge-2": AWAY}
    finding = found(edge_documents, stack_with(*pods, keys(), logs=logs))["edge-key-refused"]
    assert finding.evidence == ("edge-1: Flagsmith answered 403 Forbidden",)
    assert finding.fix.startswith("ff keys register --stack production ")
    assert "if its environment was deleted: take it out of admin.environments" in finding.fix
    assert found(edge_documents, stack_with(*pods, keys(), logs={"edge-1": AWAY, "edge-2": AWAY})) == {}
    own = stack_with(*pods, keys(name="ours"), edge={"enabled": True, "existingSecret": "ours"}, logs=logs)
    fix = found(edge_documents, own)["edge-key-refused"].fix
    assert fix == "correct the keys in the Secret ours, then ff restart --stack production --component edge"


def test_a_warm_proxy_whose_key_is_refused_is_told_so_and_not_to_be_restarted(answering: Answering) -> None:
    """A restart would be a rollout that never ends: no new proxy is ready with a refused key."""
    pods = (proxy("edge-1", "a"), proxy("edge-2", "b"))
    good = {"client": "client"}
    answering(edge_1=Edge(good), edge_2=Edge(good))
    findings = found(edge_documents, stack_with(*pods, keys(), logs={"edge-1": REFUSED, "edge-2": AWAY}))
    assert set(findings) == {"edge-key-refused", "edge-stale"}
    assert findings["edge-key-refused"].evidence == ("edge-1: Flagsmith answered 403 Forbidden",)
    assert [text.partition(":")[0] for text in findings["edge-stale"].evidence] == ["edge-2"]
    findings = found(edge_documents, stack_with(*pods, keys(), logs={"edge-1": REFUSED, "edge-2": REFUSED}))
    assert set(findings) == {"edge-key-refused"}
    assert "restart" not in findings["edge-key-refused"].fix


def test_only_what_a_proxy_said_lately_counts(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def log(*_: object, since: int, **__: object) -> str:
        asked.append(since)
        return ""

    monkeypatch.setattr(Cluster, "log", log)
    answering(edge_1=Edge({"client": "client"}))
    assert set(found(edge_documents, stack_with(proxy("edge-1", "a"), keys()))) == {"edge-stale"}
    assert asked == [60]


def test_a_ready_proxy_that_does_not_say_when_it_had_documents_is_named(answering: Answering) -> None:
    answering(edge_1=Edge({"client": "client"}, updated=None), edge_2=Edge({"client": "client"}, just_now()))
    pods = (proxy("edge-1", "a"), proxy("edge-2", "b"))
    (finding,) = found(edge_documents, stack_with(*pods, keys(), logs={"edge-1": ""})).values()
    assert finding.name == "edge-silent"
    assert finding.evidence == ("edge-1: no last_successful_update at /proxy/health/readiness",)


def test_pods_that_do_not_run_are_not_asked_and_the_others_are(answering: Answering) -> None:
    answering(edge_1=Edge({"client": "another"}, just_now()))
    pods = (proxy("edge-1", "a"), proxy("edge-2", "b", is_ready=False, is_running=False))
    findings = found(edge_documents, stack_with(*pods, keys()))
    assert set(findings) == {"edge-keys-mixed"}
    assert findings["edge-keys-mixed"].evidence == ("for the client-side key client the document of another is given",)
    assert findings["edge-keys-mixed"].fix == "ff keys adopt --stack production && ff up --stack production"


def test_a_pair_that_no_proxy_takes_is_found_without_a_proxy_and_not_printed() -> None:
    wrong = [*PAIRS, {"server_side_key": "K4zzSECRETzz", "client_side_key": "other"}]
    finding = found(edge_keys, stack_with(keys(wrong)))["edge-keys-malformed"]
    assert finding.evidence == ("ENVIRONMENT_KEY_PAIRS: pair 2 has a server_side_key that does not begin with ser.",)
    assert "SECRET" not in str(finding)
    assert "the Secret flagsmith-edge-keys" in finding.what
    assert found(edge_keys, stack_with(keys())) == {}


@pytest.mark.parametrize(("hour", "is_found"), [("07", False), ("09", True)])
def test_a_secret_of_yours_that_changed_under_the_proxies_is_found(hour: str, *, is_found: bool) -> None:
    secret = keys(name="ours")
    secret["metadata"] |= {
        "creationTimestamp": "2026-11-28T06:00:00Z",
        "managedFields": [{"time": f"2026-11-28T{hour}:00:00Z", "fieldsV1": {"f:data": {}}}],
    }
    pod = proxy("edge-1", "a")
    pod["status"]["containerStatuses"][0]["state"] = {"running": {"startedAt": "2026-11-28T08:00:00Z"}}
    read = {"secretKeyRef": {"name": "ours", "key": "ENVIRONMENT_KEY_PAIRS"}}
    pod["spec"]["containers"][0]["env"] = [{"name": "ENVIRONMENT_KEY_PAIRS", "valueFrom": read}]
    place = stack_with(pod, secret, edge={"enabled": True, "existingSecret": "ours"})
    fixes = [finding.fix for finding in found(changed_secrets, place).values()]
    assert fixes == (["ff restart --stack production -c edge"] if is_found else [])


@pytest.mark.parametrize("check", [edge_pods, edge_documents, edge_keys])
def test_a_stack_without_an_edge_is_not_asked_of_it(check: Check) -> None:
    assert found(check, stack_with(keys([]), edge={})) == {}


PRIMARY = {"url": "https://primary.example.com"}


def edge_alone(*objects: Manifest, logs: dict[str, str] | None = None, stack: str | None = None) -> Instance:
    source = {"primary": {**PRIMARY, "stack": stack}} if stack else {"primary": PRIMARY, "existingSecret": "edge-keys"}
    return stack_with(*objects, edge={"enabled": True, **source}, role="edge", logs=logs)


def deployment(name: str) -> Manifest:
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": {}, "status": {}}


def test_of_an_edge_alone_nothing_but_its_proxies_is_missed() -> None:
    assert found(rollouts, edge_alone(deployment("flagsmith-edge"))) == {}
    assert found(rollouts, edge_alone())["workload-missing"].what == "There is no Deployment flagsmith-edge."


def test_the_proxies_of_a_whole_flagsmith_are_missed_too() -> None:
    flagsmith = [deployment("flagsmith"), deployment("flagsmith-task-processor")]
    assert found(rollouts, stack_with(*flagsmith))["workload-missing"].what == "There is no Deployment flagsmith-edge."
    assert found(rollouts, stack_with(*flagsmith, edge={"enabled": False})) == {}


def test_refused_keys_of_an_edge_alone_come_from_where_it_has_them(answering: Answering) -> None:
    cold = proxy("edge-1", "a", is_ready=False)
    answering(edge_1=Edge(updated=None))
    own = edge_alone(cold, keys(name="edge-keys"), logs={"edge-1": REFUSED})
    assert "correct the keys in the Secret edge-keys" in found(edge_documents, own)["edge-key-refused"].fix
    given = edge_alone(cold, keys(), stack="organization/feature-flags/main", logs={"edge-1": REFUSED})
    assert found(edge_documents, given)["edge-key-refused"].fix == (
        "deploy organization/feature-flags/main, then ff up --stack production, which takes the keys that it gives"
    )
